// Writes the description of the compiled API to dist/openapi.json: what clients are generated from. Needs a build and
// nothing else, no database and no port.
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { CONTROLLERS } from '../dist/apps/api/src/api.module.js';
import { OpenApi } from '../dist/apps/api/src/openapi/openapi.js';

writeFileSync('dist/openapi.json', `${JSON.stringify(new OpenApi(CONTROLLERS).document(), null, 1)}\n`);
