import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * Starts the Postgres server of this run and tells the tests about it:
 * TEST_DATABASE_ADMIN_URL, the owner's login, and TEST_TEMPLATE_DATABASE, which has all migrations.
 */
export default async function globalSetup() {
  const program = fileURLToPath(new URL('./database-server.mjs', import.meta.url));
  const server = spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true, // Ctrl-C must not reach it: it ends in order when our end of the pipe closes
  });
  const [line] = await Promise.race([
    once(createInterface({ input: server.stdout }), 'line'),
    once(server, 'exit').then(() => {
      throw new Error('The Postgres server for the tests did not start; the reason is above.');
    }),
  ]);
  const { adminUrl, templateDatabase } = JSON.parse(line);
  process.env.TEST_DATABASE_ADMIN_URL = adminUrl;
  process.env.TEST_TEMPLATE_DATABASE = templateDatabase;
  globalThis.testDatabaseServer = server;
}
