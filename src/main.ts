#!/usr/bin/env node
console.log('cylc-gateway');
