#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/apps/cli/src/main.js', import.meta.url);

if (existsSync(main)) {
  await import(main);
} else {
  process.stderr.write('error: Wavekeeper has not been built in this checkout.\nnext: npm run build\n');
  process.exitCode = 1;
}
