// Writes the OpenAPI document of the API to a file, from the sources and without a database. What is made of it: the
// clients in libs/sdk and in the dashboard.
//
//   node --conditions=source --import ./scripts/typescript-hooks.mjs scripts/openapi.mjs dist/openapi.json
import 'reflect-metadata';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const { CONTROLLERS } = await import('../apps/api/src/api.module.ts');
const { OpenApi } = await import('../apps/api/src/openapi/openapi.ts');

const [file] = process.argv.slice(2);
mkdirSync(path.dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(new OpenApi(CONTROLLERS).document(), null, 1)}\n`);
