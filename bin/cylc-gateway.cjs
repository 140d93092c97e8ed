#!/usr/bin/env node
'use strict';
/* The command `cylc-gateway`, for any Node from 18 on: see node24.cjs. */
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { run } = require('./node24.cjs');

const main = join(__dirname, '../dist/src/main.js');
if (!existsSync(main)) {
  console.error(`${main} is missing: run \`npm run build\` in ${join(__dirname, '..')}.`);
  process.exit(69);
}
run(['--enable-source-maps', main, ...process.argv.slice(2)]);
