import { once } from 'node:events';

export default async function globalTeardown() {
  const server = globalThis.testDatabaseServer;
  const hasEnded = once(server, 'exit');
  server.stdin.end();
  await hasEnded;
}
