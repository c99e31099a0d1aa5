// Runs the stock Prisma CLI with the schema engine that npm ships as WebAssembly, so that `generate` and
// `migrate` work offline: the CLI would otherwise download a native engine first, even for `generate`.
//
//   node scripts/prisma.mjs generate
//   node scripts/prisma.mjs migrate dev --name add_tasks --create-only
//
// `migrate dev` and `migrate diff` without DATABASE_URL work on an empty scratch server that is gone afterwards.
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const rootDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const cliPath = path.join(rootDir, 'node_modules/prisma/build/index.js');
const SCRATCH_COMMANDS = ['dev', 'diff'];

/** Runs `prisma …args` and resolves to its exit code. */
function runPrisma(args, { databaseUrl, stdio }) {
  const env = {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: path.join(rootDir, 'scripts/schema-engine.mjs'),
    CHECKPOINT_DISABLE: '1', // no version check, no telemetry
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
  };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cliPath, ...args], { cwd: rootDir, env, stdio });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function withScratchServer(work) {
  const { startEmbeddedPostgres } = await import('../dist/libs/database/src/embedded-postgres.js');
  const homeDir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-prisma-'));
  await chmod(homeDir, 0o711); // started as root, the server's account must be able to enter
  try {
    const server = await startEmbeddedPostgres({ homeDir, flags: ['fsync=off', 'full_page_writes=off'] });
    try {
      return await work(server.url);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(homeDir, { recursive: true, force: true });
  }
}

const args = process.argv.slice(2);
const needsScratchServer =
  process.env.DATABASE_URL === undefined && args[0] === 'migrate' && SCRATCH_COMMANDS.includes(args[1]);

process.exitCode = needsScratchServer
  ? await withScratchServer((databaseUrl) => runPrisma(args, { databaseUrl, stdio: 'inherit' }))
  : await runPrisma(args, { stdio: 'inherit' });
