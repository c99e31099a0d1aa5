// Writes the typed client of the API that libs/sdk is built around, from the OpenAPI document.
//
//   node scripts/sdk-client.mjs dist/openapi.json libs/sdk/src/generated
import { readFileSync } from 'node:fs';
import { createClient } from '@hey-api/openapi-ts';

const [documentFile, outputDir] = process.argv.slice(2);
await createClient({
  input: JSON.parse(readFileSync(documentFile, 'utf8')),
  output: { path: outputDir, module: { extension: '.js' }, header: [], postProcess: [] },
  plugins: ['@hey-api/typescript', '@hey-api/sdk', '@hey-api/client-fetch'],
  logs: { level: 'silent', file: false },
});
