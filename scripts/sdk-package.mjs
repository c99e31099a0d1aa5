// Puts the package @wavekeeper/sdk together, ready for `npm publish`: compiled code with its types, package.json, README and
// licence, and nothing else. Needs a set-up checkout.
//
//   node scripts/sdk-package.mjs             to dist/sdk
//   node scripts/sdk-package.mjs DIRECTORY
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const rootDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const sdkDir = path.join(rootDir, 'libs/sdk');
const packageDir = path.resolve(process.argv[2] ?? path.join(rootDir, 'dist/sdk'));

rmSync(packageDir, { recursive: true, force: true });
mkdirSync(packageDir, { recursive: true });
const compiler = path.join(rootDir, 'node_modules/typescript/bin/tsc');
const compiled = spawnSync(process.execPath, [compiler, '-p', sdkDir, '--outDir', packageDir], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (compiled.status === 0) {
  for (const name of ['package.json', 'README.md'])
    cpSync(path.join(sdkDir, name), path.join(packageDir, name));
  cpSync(path.join(rootDir, 'LICENSE'), path.join(packageDir, 'LICENSE'));
} else process.exitCode = 1;
