// Writes the pages of docs/ that are made from the code. Needs a build: `npm run docs` makes one first.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { environmentPage } from '../dist/libs/config/src/environment-page.js';
import { metricsPage } from '../dist/libs/telemetry/src/metrics-page.js';

const pages = { environment: environmentPage(), metrics: metricsPage() };
for (const [name, text] of Object.entries(pages))
  writeFileSync(fileURLToPath(new URL(`../docs/${name}.md`, import.meta.url)), text);
