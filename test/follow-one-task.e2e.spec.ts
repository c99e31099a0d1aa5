import { Webhook } from 'standardwebhooks';
import request from 'supertest';
import {
  eventSchema,
  missionSchema,
  pageOf,
  taskSchema,
  waveSchema,
  webhookBodySchema,
  type LedgerEvent,
} from '#contracts';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { startFleet } from './support/fleet.js';
import { expectInvariants } from './support/invariants.js';
import { startReceiver, type Receiver } from './support/receiver.js';
import { QUEUES_HERE, startRedis, type TestRedis } from './support/redis-server.js';
import { startService, type TestService } from './support/service.js';

// One task, from the request that brings it to the webhook that says it is done: the path that ARCHITECTURE.md tells,
// over HTTP, on each way of dispatching, in one process and in several.
const FLEET_QUEUES = QUEUES_HERE.filter((queue) => queue !== 'none');
const SHAPES = [
  ...QUEUES_HERE.map((queue) => ({ queue, shape: 'in one process', start: startService })),
  ...FLEET_QUEUES.map((queue) => ({
    queue,
    shape: 'in two API and two worker processes',
    start: startFleet,
  })),
];

describe.each(SHAPES)('one task, followed on queue $queue $shape', ({ queue, start }) => {
  let database: TestDatabase;
  let service: TestService;
  let receiver: Receiver;
  let redis: TestRedis | null = null;

  beforeAll(async () => {
    database = await createTestDatabase();
    redis = queue === 'redis' ? await startRedis() : null;
    service = await start(database, { queue, redisUrl: redis?.url });
    receiver = await startReceiver();
  });

  afterAll(async () => {
    await service.stop();
    await redis?.close();
    await receiver.close();
    await expectInvariants(database);
    await database.drop();
  });

  const post = (path: string, body: object, key = service.apiKey) =>
    request(service.url).post(path).set('Authorization', `Bearer ${key}`).send(body);
  const get = (path: string, key = service.apiKey) =>
    request(service.url).get(path).set('Authorization', `Bearer ${key}`);

  it('is decided by a wave, done by a worker, reviewed by a wave, and told by a signed webhook', async () => {
    const mission = missionSchema.parse((await post('/v1/missions', { title: 'One task' }).expect(201)).body);
    const endpoint = await post('/v1/webhook-endpoints', {
      url: receiver.url,
      event_types: ['task.completed', 'mission.completed'],
      mission_id: mission.id,
    }).expect(201);

    const submitted = await post(`/v1/missions/${mission.id}/tasks`, {
      title: 'Write the release notes',
      key: 'notes',
      metadata: { outcome: 'The notes are in docs/releases.' },
    }).expect(201);

    const completed = await eventually('the mission is completed', async () => {
      const { body } = await get(`/v1/missions/${mission.id}`);
      return missionSchema.parse(body).state === 'completed' && missionSchema.parse(body);
    });
    expect(completed.counts).toMatchObject({ completed: 1, queued: 0, working: 0 });

    const task = taskSchema.parse((await get(`/v1/tasks/${String(submitted.body.id)}`).expect(200)).body);
    expect(task).toMatchObject({ ref: 'T1', key: 'notes', state: 'completed', generation: 1 });
    expect(task.result?.output).toBe('The notes are in docs/releases.');
    expect(task.attempts.map((attempt) => attempt.state)).toEqual(['succeeded']);

    const waves = pageOf(waveSchema).parse(
      (await get(`/v1/missions/${mission.id}/waves`).expect(200)).body,
    ).data;
    expect(waves.every((wave) => wave.state === 'committed')).toBe(true);
    expect(waves.every((wave) => wave.peak_request_tokens <= wave.context.budget)).toBe(true);
    const reviewer = waves.find((wave) => wave.id === task.reviewed_by_wave);
    expect(reviewer?.decisions).toContainEqual(
      expect.objectContaining({
        tool: 'task_review',
        outcome: 'applied',
        changed: [{ kind: 'task', id: task.id, ref: 'T1' }],
      }),
    );

    await eventually('both webhooks have arrived', () => Promise.resolve(receiver.arrivals.length >= 2));
    const verifier = new Webhook(String(endpoint.body.secret));
    const told = receiver.arrivals.map(({ headers, body }) => {
      verifier.verify(body, headers);
      return webhookBodySchema.parse(JSON.parse(body));
    });
    expect(told.map((webhook) => webhook.type).sort()).toEqual(['mission.completed', 'task.completed']);
    expect(told.find((webhook) => webhook.type === 'task.completed')?.data.task_id).toBe(task.id);

    const events = await allEvents(mission.id);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, place) => place + 1));
    expect(events.filter((event) => event.type === 'task.completed')).toHaveLength(1);
  });

  it('shows what each wave saw, and makes the same bytes again', async () => {
    const mission = missionSchema.parse((await post('/v1/missions', { title: 'Seen' })).body);
    await post(`/v1/missions/${mission.id}/tasks`, { title: 'Look' }).expect(201);
    const wave = await eventually('a wave is committed', async () => {
      const { data } = pageOf(waveSchema).parse((await get(`/v1/missions/${mission.id}/waves`)).body);
      return data.find((one) => one.state === 'committed');
    });
    const { body } = await get(`/v1/waves/${wave.id}/context?rebuild=true`).expect(200);
    expect(body.rebuild).toMatchObject({ equal: true });
    expect(body.sections.map((section: { name: string }) => section.name)).toEqual([
      'Z0',
      'Z1',
      'Z2',
      'Z3',
      'Z4',
      'Z5',
      'Z6',
      'Z7',
      'Z8',
    ]);
    const total = body.sections.reduce((sum: number, section: { tokens: number }) => sum + section.tokens, 0);
    expect(total).toBe(body.total_tokens);
    expect(body.counted_tokens).toBeLessThanOrEqual(body.budget_tokens);
  });

  it('is not there for another tenant', async () => {
    const mission = missionSchema.parse((await post('/v1/missions', { title: 'Mine' })).body);
    const stranger = await service.anotherKey();
    const foreign = await get(`/v1/missions/${mission.id}`, stranger).expect(404);
    const missing = await get('/v1/missions/msn_01jzzzzzzzfzzbzzzzzzzzzzzz', stranger).expect(404);
    expect({ ...foreign.body, instance: '' }).toEqual({ ...missing.body, instance: '' });
    await post(`/v1/missions/${mission.id}/tasks`, { title: 'Not mine' }, stranger).expect(404);
  });

  async function allEvents(missionId: string): Promise<LedgerEvent[]> {
    const { body } = await get(`/v1/missions/${missionId}/events?limit=100`).expect(200);
    return pageOf(eventSchema).parse(body).data;
  }
});
