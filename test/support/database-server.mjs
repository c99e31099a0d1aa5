// The Postgres server of one test run, in a process of its own. It lives as long as its standard input stays open:
// when the test run ends, in whatever way, even killed, the server is stopped and nothing of it stays on the disk.
// Prints one line of JSON when the template database is ready.
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../dist/libs/database/src/embedded-postgres.js';
import { migrate } from '../../dist/libs/database/src/migrate.js';

const TEMPLATE_DATABASE = 'wavekeeper_template';
const FAST_NOT_SAFE = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
const migrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

const testRunEnded = new Promise((resolve) => process.stdin.on('close', resolve).resume());
const homeDir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-test-'));
try {
  await chmod(homeDir, 0o711); // started as root, the server's account must be able to enter
  const server = await startEmbeddedPostgres({ homeDir, flags: FAST_NOT_SAFE });
  try {
    await makeTemplate(server.url);
    console.log(JSON.stringify({ adminUrl: server.url, templateDatabase: TEMPLATE_DATABASE }));
    await testRunEnded;
  } finally {
    await server.stop();
  }
} finally {
  await rm(homeDir, { recursive: true, force: true });
}

async function makeTemplate(adminUrl) {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
  await admin.end();
  const templateUrl = new URL(adminUrl);
  templateUrl.pathname = TEMPLATE_DATABASE;
  if (existsSync(migrationsDir)) await migrate(templateUrl.href, migrationsDir);
}
