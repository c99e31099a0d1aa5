import { execFile, type ExecException } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import request from 'supertest';
import { missionSchema } from '#contracts';
import { MASTER_KEY, ServiceHost } from '../bench/harness/service-process.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { newTenant } from './support/service.js';

const PROGRAM = path.resolve(import.meta.dirname, '..', 'bin', 'wavekeeper.mjs');
/** In two chains, so that the work takes longer than the backup of it however fast the machine is. */
const TASKS = 24;
const ENDS = `SELECT mission_id, seq, type, task_id FROM event
               WHERE type IN ('task.completed', 'task.failed', 'task.canceled') ORDER BY mission_id, seq`;

// RELIABILITY T22: backed up while it works, restored elsewhere with an empty queue, and it goes on.
describe('a backup of a service at work', () => {
  let database: TestDatabase;
  let host: ServiceHost;
  let dir: string;
  let tenant: { apiKey: string };
  beforeAll(async () => {
    database = await createTestDatabase();
    host = await ServiceHost.create(database, { environment: { WAVEKEEPER_QUEUE: 'postgres' } });
    dir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-backup-'));
    tenant = await newTenant(database);
  });
  afterAll(async () => {
    await host.remove();
    await database.drop();
    await rm(dir, { recursive: true });
  });

  const on = (url: string) => ({
    post: (at: string, body: object) =>
      request(url).post(at).set('Authorization', `Bearer ${tenant.apiKey}`).send(body),
    mission: async (id: string) =>
      missionSchema.parse(
        (await request(url).get(`/v1/missions/${id}`).set('Authorization', `Bearer ${tenant.apiKey}`)).body,
      ),
  });

  it('is restored elsewhere with nothing broken and no end lost, and the work there goes on to its end', async () => {
    const file = path.join(dir, 'ledger.backup');
    const service = await host.start();
    const before = on(service.url);
    const { id: mission } = (await before.post('/v1/missions', { title: 'Long' }).expect(201)).body as {
      id: string;
    };
    await before.post('/v1/webhook-endpoints', { url: 'http://127.0.0.1:9/gone' }).expect(201); // a sealed secret
    const tasks = Array.from({ length: TASKS }, (_, place) => ({
      title: `Task ${place}`,
      ...(place < 2 ? {} : { depends_on: [`k${place - 2}`] }),
      key: `k${place}`,
    }));
    await before.post(`/v1/missions/${mission}/tasks`, { tasks }).expect(200);
    await eventually('some of the work is done, and some is under way', async () => {
      const { counts } = await before.mission(mission);
      return counts.completed >= 3 && counts.working > 0;
    });
    const endsBefore = await rowsAt(database.url, ENDS);
    const made = await run(['backup', file, '--json'], { DATABASE_URL: database.url });
    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('master key') });
    await service.stop();

    const target = await createEmptyDatabase();
    const elsewhere = await ServiceHost.create(target, { environment: { WAVEKEEPER_QUEUE: 'postgres' } });
    const other = { DATABASE_URL: target.url, WAVEKEEPER_MASTER_KEY: 'f'.repeat(64) };
    expect(await run(['restore', file], other)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('open with the master key'),
    });
    const restored = await run(['restore', file, '--json'], {
      DATABASE_URL: target.url,
      WAVEKEEPER_MASTER_KEY: MASTER_KEY,
    });
    expect(restored).toMatchObject({ code: 0, json: { tenants: 1 } });
    expect(await run(['doctor'], { DATABASE_URL: target.url })).toMatchObject({ code: 0 });
    const endsAfter = await rowsAt(target.url, ENDS);
    expect(endsAfter).toEqual(expect.arrayContaining(endsBefore));
    expect(endsBefore.length).toBeGreaterThanOrEqual(3);
    expect(endsAfter.length).toBeLessThan(TASKS);

    const resumed = await elsewhere.start();
    const { counts } = await eventually('the mission is completed', async () => {
      const read = await on(resumed.url).mission(mission);
      return read.state === 'completed' && read;
    });
    expect(counts.completed).toBe(TASKS);
    expect(await rowsAt(target.url, ENDS)).toHaveLength(TASKS);
    await resumed.stop();
    expect(await run(['doctor'], { DATABASE_URL: target.url })).toMatchObject({ code: 0 });
    await elsewhere.remove();
    await target.drop();
  }, 300_000);

  it('goes into the database of a home, too, and out of it again', async () => {
    const file = path.join(dir, 'home.backup');
    await run(['backup', file], { DATABASE_URL: database.url });
    const home = await ServiceHost.create({ url: '' });
    const environment = { WAVEKEEPER_HOME: home.homeDir, WAVEKEEPER_MASTER_KEY: MASTER_KEY };
    expect(await run(['restore', file], environment)).toMatchObject({ code: 0 });
    expect(await run(['restore', file], environment)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has tenants already'),
    });
    const again = path.join(dir, 'again.backup');
    const made = await run(['backup', again, '--json'], environment);
    expect(made).toMatchObject({ code: 0, json: { tenants: 1 } });
    expect(await run(['backup', again], environment)).toMatchObject({ code: 5 });
    await home.remove();
  }, 300_000);

  interface Ended {
    readonly code: number;
    readonly json: unknown;
    readonly stderr: string;
  }

  function run(args: readonly string[], environment: Record<string, string>): Promise<Ended> {
    const env = { HOME: dir, WAVEKEEPER_HOME: path.join(dir, 'home'), ...environment };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [PROGRAM, ...args],
        { env },
        (error: ExecException | null, stdout, stderr) => {
          const json: unknown = args.includes('--json') && error === null ? JSON.parse(stdout) : null;
          resolve({ code: error === null ? 0 : Number(error.code), json, stderr });
        },
      );
    });
  }
});

async function rowsAt(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
