// Writes the pages of docs/ that are made from the code. Needs a build: `npm run docs` makes one first.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { environmentPage } from '../dist/libs/config/src/environment-page.js';

writeFileSync(fileURLToPath(new URL('../docs/environment.md', import.meta.url)), environmentPage());
