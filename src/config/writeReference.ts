import { writeFileSync } from 'node:fs';
import { configReference } from './reference.ts';

// `npm run docs:configuration`; a test holds the page to the schema.
writeFileSync(process.argv[2] ?? 'docs/configuration.md', configReference());
