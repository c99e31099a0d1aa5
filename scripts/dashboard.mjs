// Builds the dashboard into dist/dashboard, and compresses once what is sent often. Needs the generated client of the
// API: `npm run setup` makes both when they are out of date.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';
import { listFiles } from './fingerprint.mjs';

/** Below this a file is sent as it is: it takes one packet anyway. */
const COMPRESSED_BYTES_MIN = 1_000;
/** The two highest levels take seconds more for one part in a hundred. */
const BROTLI_QUALITY = 9;

await build({ configFile: 'apps/dashboard/vite.config.mjs', logLevel: 'error' });

const texts = listFiles(['dist/dashboard'], { accepts: (name) => /\.(js|css|svg)$/.test(name) });
for (const file of texts) {
  if (statSync(file).size < COMPRESSED_BYTES_MIN) continue;
  const bytes = readFileSync(file);
  const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
}
