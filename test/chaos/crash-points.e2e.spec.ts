import { readFile } from 'node:fs/promises';
import path from 'node:path';
import request from 'supertest';
import { encodeId } from '#contracts';
import { CRASH_POINTS, type CrashPoint } from '#telemetry';
import { SecretBox, createTenant } from '#tenancy';
import { createEndpoint, DIGEST_ARITY } from '#ledger';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { expectInvariants } from '../support/invariants.js';
import { aMission, type TestMission } from '../support/mission.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { MASTER_KEY, ServiceHost } from '../../bench/harness/service-process.js';

const API_POINTS = ['api.command.before_commit', 'api.command.after_commit'] as const;
const START_POINTS = ['migration.before_commit', 'start.tenant_made'] as const;
const SCHEDULE_POINTS = ['schedule.before_commit', 'schedule.after_commit'] as const;
const ELSEWHERE: readonly CrashPoint[] = [
  ...API_POINTS,
  ...START_POINTS,
  ...SCHEDULE_POINTS,
  'digest.after_request',
];
const WORK_POINTS = CRASH_POINTS.filter((point) => !ELSEWHERE.includes(point));

// Each named point is a place where two effects meet. The process is killed there, nobody says goodbye, and the next
// process finds what is committed. Leases are moved into the past instead of waiting for them.
describe('a service that is killed at a named point', () => {
  let database: TestDatabase;
  let host: ServiceHost;
  let receiver: Receiver;
  let tenantId: string;
  let apiKey: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    host = await ServiceHost.create(database);
    receiver = await startReceiver();
    const tenant = await database.transactions.inSystemTransaction((system) =>
      createTenant(system, { name: 'a tenant', limits: { requests_per_minute: 0 }, environment: 'local' }),
    );
    ({ apiKey } = tenant);
    tenantId = tenant.row.id;
  });

  afterAll(async () => {
    await host.remove();
    await receiver.close();
    await database.drop();
  });

  it.each(WORK_POINTS)(
    'loses nothing and does nothing twice: %s',
    async (point) => {
      const mission = await aMission(database, { title: point }, tenantId);
      await listen(mission);
      await mission.submit(
        { title: 'First', key: 'first' },
        { title: 'Second', key: 'second', depends_on: ['first'] },
      );
      expect(await (await host.start(`${point}#1`)).ended).toBe('SIGKILL');
      await expireLeases();

      const next = await host.start();
      await eventually('the mission completes', () => hasCompleted(mission));
      await eventually('its webhooks are delivered', () => hasDelivered(mission));
      await next.stop();

      expect(await endsOf(mission)).toEqual([
        { type: 'mission.completed', count: 1 },
        { type: 'task.completed', count: 2 },
      ]);
      await expectInvariants(database);
    },
    300_000,
  );

  it.each(API_POINTS)(
    'accepts a submission once, however often it is sent: %s',
    async (point) => {
      const mission = await aMission(database, { title: point }, tenantId);
      const dying = await host.start(`${point}#1`);
      await expect(send(dying.url, mission)).rejects.toThrow();
      expect(await dying.ended).toBe('SIGKILL');

      const next = await host.start();
      const first = await send(next.url, mission);
      const again = await send(next.url, mission);
      expect([first.status, again.status]).toEqual([201, 201]);
      expect(again.body).toEqual(first.body);
      await eventually('the mission completes', () => hasCompleted(mission));
      await next.stop();

      const { rows } = await database.owner.query(
        'SELECT count(*)::int AS count FROM task WHERE mission_id = $1',
        [mission.id],
      );
      expect(rows).toEqual([{ count: 1 }]);
      await expectInvariants(database);
    },
    300_000,
  );

  it('gives a claim whose answer was lost to nobody else before its lease runs out: api.command.after_commit', async () => {
    const mission = await aMission(database, { policy: { planning: 'auto', workers: ['build'] } }, tenantId);
    await mission.submit({ title: 'Once', worker: 'build' });
    const claiming = await ServiceHost.create(database, { roles: ['api'] });
    const dying = await claiming.start('api.command.after_commit#1');
    await expect(claim(dying.url, mission)).rejects.toThrow();
    expect(await dying.ended).toBe('SIGKILL');

    const next = await claiming.start();
    const kept = await claim(next.url, mission);
    expect(kept.body.data).toHaveLength(1);
    expect((await claim(next.url, mission, 'another')).body.data).toEqual([]);
    await next.stop();
    await claiming.remove();
    expect(await mission.attempts('T1')).toHaveLength(1);
  });

  it('words a digest once when the words came and nobody was left to keep them: digest.after_request', async () => {
    const input = { title: 'Digest', policy: { workers: ['builtin', 'elsewhere'] } };
    const mission = await aMission(database, input, tenantId);
    await mission.submit(...Array.from({ length: DIGEST_ARITY }, (_, index) => `Task ${index}`));
    await mission.submit({ title: 'Keeps the mission from its end', worker: 'elsewhere' });
    const wording = await ServiceHost.create(database, {
      environment: { WAVEKEEPER_DIGEST_WRITER: 'model' },
    });
    expect(await (await wording.start('digest.after_request#1')).ended).toBe('SIGKILL');
    await expireLeases();
    const next = await wording.start();
    await eventually('the digest is worded', async () => (await digestsOf(mission))[0]?.writer === 'model');
    await next.stop();
    await wording.remove();
    expect(await digestsOf(mission)).toHaveLength(1);
    await expectInvariants(database);
  });

  it('goes on where its first start was cut off in the middle of the tables: migration.before_commit', async () => {
    const empty = await createEmptyDatabase();
    const first = await ServiceHost.create(empty);
    expect(await (await first.start('migration.before_commit#2')).ended).toBe('SIGKILL');
    const next = await first.start();
    expect((await request(next.url).get('/readyz')).status).toBe(200);
    await next.stop();
    await first.remove();
    await empty.drop();
  });

  it('leaves one tenant and a key that opens it when its first start is cut off: start.tenant_made', async () => {
    const local = await ServiceHost.create({ url: '' });
    expect(await (await local.start('start.tenant_made#1')).ended).toBe('SIGKILL');
    const next = await local.start();
    const credentials = await credentialsIn(local.homeDir);
    const tenants = await request(next.url)
      .get('/v1/tenants')
      .auth(credentials.admin_key, { type: 'bearer' });
    expect((tenants.body as { data: unknown[] }).data).toMatchObject([{ id: credentials.tenant_id }]);
    const missions = await request(next.url)
      .get('/v1/missions')
      .auth(credentials.api_key, { type: 'bearer' });
    expect(missions.status).toBe(200);
    await next.stop();
    await local.remove();
  });

  async function credentialsIn(
    homeDir: string,
  ): Promise<Record<'api_key' | 'admin_key' | 'tenant_id', string>> {
    const text = await readFile(path.join(homeDir, 'credentials.json'), 'utf8');
    return JSON.parse(text) as Record<'api_key' | 'admin_key' | 'tenant_id', string>;
  }

  async function claim(url: string, mission: TestMission, key = 'claim') {
    return request(url)
      .post('/v1/claims')
      .set('Authorization', `Bearer ${apiKey}`)
      .set('Idempotency-Key', `${key}-${mission.id}`)
      .send({ pool: 'build', worker: 'a worker' }) as Promise<{ body: { data: unknown[] } }>;
  }

  async function digestsOf(mission: TestMission): Promise<{ writer: string }[]> {
    const { rows } = await database.owner.query(
      'SELECT writer FROM digest WHERE mission_id = $1 AND level = 1',
      [mission.id],
    );
    return rows as { writer: string }[];
  }
  it.each(SCHEDULE_POINTS)(
    'makes the task of a schedule once: %s',
    async (point) => {
      const mission = await aMission(database, { title: point }, tenantId);
      await mission.makeDue(await mission.schedule());
      expect(await (await host.start(`${point}#1`)).ended).toBe('SIGKILL');

      const next = await host.start();
      await eventually('the mission completes', () => hasCompleted(mission));
      await next.stop();

      expect(await mission.row()).toMatchObject({ last_task_number: 1, tasks_completed: 1 });
      await expectInvariants(database);
    },
    300_000,
  );

  async function send(url: string, mission: TestMission) {
    return request(url)
      .post(`/v1/missions/${encodeId('mission', mission.id)}/tasks`)
      .set('Authorization', `Bearer ${apiKey}`)
      .set('Idempotency-Key', `submit-${mission.id}`)
      .send({ title: 'Once' });
  }

  async function listen(mission: TestMission): Promise<void> {
    await database.transactions.inTransaction(tenantId, (tx) =>
      createEndpoint(tx, new SecretBox(MASTER_KEY), {
        url: receiver.url,
        eventTypes: ['task.completed', 'mission.completed'],
        missionId: mission.id,
        includeResult: false,
        description: '',
      }),
    );
  }

  async function expireLeases(): Promise<void> {
    await database.owner.query(
      `UPDATE mission SET wave_lease_until = now() - interval '1 s' WHERE wave_id IS NOT NULL`,
    );
    await database.owner.query(
      `UPDATE attempt SET lease_until = now() - interval '1 s' WHERE state = 'leased'`,
    );
    await database.owner.query(
      `UPDATE webhook_delivery SET lease_until = now() - interval '1 s' WHERE lease_token IS NOT NULL`,
    );
    await database.owner.query('UPDATE digest SET write_after = now() WHERE write_after IS NOT NULL');
    await database.owner.query(
      `UPDATE model_call SET deadline_at = now() - interval '1 s' WHERE state = 'sent'`,
    );
  }

  async function hasCompleted(mission: TestMission): Promise<boolean> {
    const { rows } = await database.owner.query('SELECT state FROM mission WHERE id = $1', [mission.id]);
    return (rows as { state: string }[])[0]?.state === 'completed';
  }

  async function hasDelivered(mission: TestMission): Promise<boolean> {
    const { rows } = await database.owner.query(
      `SELECT count(*)::int AS count FROM webhook_delivery d JOIN event e ON e.id = d.event_id
        WHERE e.mission_id = $1 AND d.state = 'delivered'`,
      [mission.id],
    );
    return (rows as { count: number }[])[0]?.count === 3;
  }

  async function endsOf(mission: TestMission): Promise<unknown[]> {
    const { rows } = await database.owner.query(
      `SELECT type, count(*)::int AS count FROM event
        WHERE mission_id = $1 AND type IN ('task.completed', 'mission.completed') GROUP BY type ORDER BY type`,
      [mission.id],
    );
    return rows as unknown[];
  }
});
