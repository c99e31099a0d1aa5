// The client of the dashboard is made from the API's own description; see scripts/setup.mjs.
export default {
  input: './dist/openapi.json',
  output: { path: 'apps/dashboard/src/api/generated', clean: true, importFileExtension: '.js' },
  logs: { level: 'error', file: false },
  plugins: [
    { name: '@hey-api/client-fetch', bundle: true },
    '@hey-api/typescript',
    '@hey-api/sdk',
    { name: '@tanstack/react-query', mutationOptions: false },
  ],
};
