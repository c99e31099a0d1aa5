import { setTimeout as delay } from 'node:timers/promises';
import request from 'supertest';
import { missionSchema } from '#contracts';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { startFleet, type Fleet } from './support/fleet.js';
import { expectInvariants } from './support/invariants.js';

// What one process knows, another has to find out: from the ledger, never from its own memory.
describe('two API and two worker processes on one database', () => {
  let database: TestDatabase;
  let fleet: Fleet;
  let here: string;
  let there: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    fleet = await startFleet(database, { queue: 'postgres' });
    [here = '', there = ''] = fleet.urls;
  });
  afterAll(async () => {
    await fleet.stop();
    await expectInvariants(database);
    await database.drop();
  });

  const post = (url: string, path: string, body: object, key = fleet.apiKey) =>
    request(url).post(path).set('Authorization', `Bearer ${key}`).send(body);
  const get = (url: string, path: string, key = fleet.apiKey) =>
    request(url).get(path).set('Authorization', `Bearer ${key}`);
  const aMission = async (input: object) =>
    missionSchema.parse((await post(here, '/v1/missions', { title: 'Shared', ...input }).expect(201)).body);

  it('do a request once that was sent to both under one Idempotency-Key', async () => {
    const mission = await aMission({});
    const send = (url: string) =>
      post(url, `/v1/missions/${mission.id}/tasks`, { title: 'Once' }).set('Idempotency-Key', mission.id);
    const answers = await Promise.all([send(here), send(there), send(here), send(there)]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(3);
  });

  it('hand a task that comes in here to whoever waits for one there', async () => {
    const mission = await aMission({ policy: { planning: 'auto', workers: ['build'] } });
    const waiting = post(there, '/v1/claims', { pool: 'build', wait_seconds: 30, worker: 'a worker' }).then(
      ({ body }) => body as { data: { task: { title: string } }[] },
    );
    await delay(0);
    await post(here, `/v1/missions/${mission.id}/tasks`, { title: 'Waited for', worker: 'build' }).expect(
      201,
    );
    expect((await waiting).data).toMatchObject([{ task: { title: 'Waited for' } }]);
  });

  it('show there, live, what happens here and in the workers', async () => {
    const mission = await aMission({});
    const stream = await fetch(`${there}/v1/missions/${mission.id}/events`, {
      headers: { authorization: `Bearer ${fleet.apiKey}`, accept: 'text/event-stream' },
    });
    await post(here, `/v1/missions/${mission.id}/tasks`, { title: 'Watched' }).expect(201);
    let text = '';
    for await (const chunk of stream.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('mission.completed')) break;
    }
    const types = [...text.matchAll(/"type":"([a-z_.]+)"/g)].map(([, type]) => type);
    expect(types.filter((type) => type === 'mission.completed')).toHaveLength(1);
    expect(types).toContain('wave.committed');
  });

  it('refuse there a key that was revoked here', async () => {
    const made = await post(here, '/v1/api-keys', { name: 'Short-lived', scopes: ['missions:read'] }).expect(
      201,
    );
    const { id, api_key: key } = made.body as { id: string; api_key: string };
    await get(there, '/v1/missions', key).expect(200);
    await request(here)
      .delete(`/v1/api-keys/${id}`)
      .set('Authorization', `Bearer ${fleet.apiKey}`)
      .expect(204);
    await eventually(
      'the key is refused',
      async () => (await get(there, '/v1/missions', key)).status === 401,
    );
  });

  it('start no wave for a mission that is paused here, whichever worker hears of its tasks', async () => {
    const mission = await aMission({});
    await post(there, `/v1/missions/${mission.id}/pause`, {}).expect(200);
    await post(here, `/v1/missions/${mission.id}/tasks`, { title: 'Later' }).expect(201);
    const other = await aMission({});
    await post(here, `/v1/missions/${other.id}/tasks`, { title: 'Now' }).expect(201);
    const readState = async (id: string) =>
      missionSchema.parse((await get(there, `/v1/missions/${id}`)).body).state;
    await eventually('the other is done', async () => (await readState(other.id)) === 'completed');
    expect((await get(there, `/v1/missions/${mission.id}/waves`)).body).toMatchObject({ data: [] });
    await post(here, `/v1/missions/${mission.id}/resume`, {}).expect(200);
    await eventually('it is done', async () => (await readState(mission.id)) === 'completed');
  });
});
