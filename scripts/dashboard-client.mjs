// Writes the client that the dashboard is built with, from the API's own description: see openapi.mjs.
import { createClient } from '@hey-api/openapi-ts';

await createClient({
  input: './dist/openapi.json',
  output: { path: 'apps/dashboard/src/api/generated', clean: true, importFileExtension: '.js' },
  logs: { level: 'error', file: false },
  plugins: [
    { name: '@hey-api/client-fetch', bundle: true },
    '@hey-api/typescript',
    '@hey-api/sdk',
    { name: '@tanstack/react-query', mutationOptions: false },
  ],
});
