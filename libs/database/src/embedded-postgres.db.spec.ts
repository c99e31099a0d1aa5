import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.js';

const TEST_FLAGS = ['fsync=off'];

describe('startEmbeddedPostgres', () => {
  const homes: string[] = [];
  const servers: EmbeddedPostgres[] = [];
  let sharedHome: string;

  beforeAll(async () => {
    sharedHome = await makeHome();
  });

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  afterAll(async () => {
    await Promise.all(homes.map((home) => rm(home, { recursive: true, force: true })));
  });

  async function makeHome(): Promise<string> {
    const homeDir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-embedded-'));
    homes.push(homeDir);
    await chmod(homeDir, 0o711); // as root, the server's account must be able to enter
    return homeDir;
  }

  async function start(homeDir = sharedHome): Promise<EmbeddedPostgres> {
    const server = await startEmbeddedPostgres({ homeDir, flags: TEST_FLAGS });
    servers.push(server);
    return server;
  }

  it('makes a server with a database from an empty home', async () => {
    const server = await start();

    expect(server.adopted).toBe(false);
    expect(await ask(server.url, 'SELECT current_database() AS answer')).toBe('wavekeeper');
    expect(await ask(server.url, `SELECT 'a' < 'B' COLLATE "default" AS answer`)).toBe(false);
  });

  it('keeps the password where only its owner can read it', async () => {
    const server = await start();
    const loginFile = path.join(sharedHome, 'postgres.json');

    expect((await stat(loginFile)).mode & 0o777).toBe(0o600);
    expect(await readFile(loginFile, 'utf8')).toContain(new URL(server.url).password);
  });

  it('starts anew in a home that was deleted and made again', async () => {
    const homeDir = await makeHome();
    await chmod(homeDir, 0o700); // as root, the data lies outside the home and outlives it
    const dataDirs: string[] = [];
    for (let time = 0; time < 2; time += 1) {
      const server = await start(homeDir);
      dataDirs.push(server.dataDir);
      expect(await ask(server.url, `SELECT to_regclass('kept')::text AS answer`)).toBeNull();
      await ask(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
      await server.stop();
      await rm(homeDir, { recursive: true });
    }
    await Promise.all(dataDirs.map((dataDir) => rm(path.dirname(dataDir), { recursive: true, force: true })));
  });

  it('keeps committed rows when the server is killed', async () => {
    const first = await start();
    await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(first.pid, 'SIGKILL');

    const second = await start();

    expect(second.adopted).toBe(false);
    expect(await ask(second.url, 'SELECT answer FROM kept')).toBe(42);
  });

  it('adopts the server that an earlier start left running', async () => {
    const first = await start();

    const second = await start();

    expect(second).toMatchObject({ adopted: true, pid: first.pid, url: first.url });
  });

  it('starts one server for two concurrent starts on one empty home', async () => {
    const emptyHome = await makeHome();

    const [first, second] = await Promise.all([start(emptyHome), start(emptyHome)]);

    expect(second.pid).toBe(first.pid);
    expect([first.adopted, second.adopted].sort()).toEqual([false, true]);
  });

  it('stops a server it adopted', async () => {
    const first = await start();
    const second = await start();

    await second.stop();

    await expect(ask(first.url, 'SELECT 1 AS answer')).rejects.toThrow('ECONNREFUSED');
  });

  it('moves to another port when its own was taken while it was down', async () => {
    const first = await start();
    await first.stop();
    const stranger = createServer();
    await new Promise<void>((resolve) => {
      stranger.listen(Number(new URL(first.url).port), '127.0.0.1', resolve);
    });

    try {
      const second = await start();

      expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
      expect(await ask(second.url, 'SELECT 1 AS answer')).toBe(1);
    } finally {
      stranger.close();
    }
  });
});

/** The column `answer` of the first row. */
async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // the server may be killed under it
  await client.connect();
  try {
    const { rows } = await client.query<{ answer: unknown }>(sql);
    return rows[0]?.answer;
  } finally {
    await client.end();
  }
}
