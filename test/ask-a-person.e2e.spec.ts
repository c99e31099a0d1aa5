import request from 'supertest';
import {
  inputRequestSchema,
  missionSchema,
  pageOf,
  taskSchema,
  waveSchema,
  type InputRequest,
} from '#contracts';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { expectInvariants } from './support/invariants.js';
import { startService, type TestService } from './support/service.js';

// What people are asked, over HTTP: by a conductor, by the policy of a mission, and what goes by rule without asking anybody.
describe('asking people', () => {
  let database: TestDatabase;
  let service: TestService;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService(database, { queue: 'none' });
  });
  afterAll(async () => {
    await service.stop();
    await expectInvariants(database);
    await database.drop();
  });

  const post = (path: string, body: object, key = service.apiKey) =>
    request(service.url).post(path).set('Authorization', `Bearer ${key}`).send(body);
  const get = (path: string, key = service.apiKey) =>
    request(service.url).get(path).set('Authorization', `Bearer ${key}`);

  const aMission = async (policy: object = {}): Promise<string> =>
    missionSchema.parse((await post('/v1/missions', { title: 'Paint the pier', policy }).expect(201)).body)
      .id;
  const completed = (mission: string) =>
    eventually('the mission is completed', async () => {
      const read = missionSchema.parse((await get(`/v1/missions/${mission}`)).body);
      return read.state === 'completed' && read;
    });
  const openRequest = (mission: string): Promise<InputRequest> =>
    eventually('somebody is asked', async () => {
      const { body } = await get(`/v1/input-requests?state=open&mission_id=${mission}`);
      return pageOf(inputRequestSchema).parse(body).data[0];
    });
  const decisionsOf = async (mission: string) =>
    pageOf(waveSchema)
      .parse((await get(`/v1/missions/${mission}/waves`)).body)
      .data.flatMap((wave) => wave.decisions);

  it('lets only what depends on the answer wait, and completes when it has come', async () => {
    const mission = await aMission();
    await post(`/v1/missions/${mission}/pause`, {}).expect(200);
    const submitted = await post(`/v1/missions/${mission}/tasks`, {
      tasks: [{ title: 'Paint' }, { title: 'Sweep' }],
    }).expect(200);
    await post(`/v1/missions/${mission}/messages`, { text: 'Ask T1: Which colour? [red|green]' }).expect(202);
    await post(`/v1/missions/${mission}/resume`, {}).expect(200);
    const asked = await openRequest(mission);
    const [paint, sweep] = submitted.body.data.map((task: { id: string }) => task.id);
    expect(asked).toMatchObject({
      kind: 'choice',
      about: 'question',
      task_id: paint,
      blocks: [paint],
      options: [
        { value: 'red', label: 'red' },
        { value: 'green', label: 'green' },
      ],
      state: 'open',
    });
    await eventually('the other task is completed, and the mission waits', async () => {
      const read = missionSchema.parse((await get(`/v1/missions/${mission}`)).body);
      return read.counts.completed === 1 && read.state === 'input_required';
    });
    expect(taskSchema.parse((await get(`/v1/tasks/${paint}`)).body)).toMatchObject({
      state: 'input_required',
      attempts: [],
    });
    expect(taskSchema.parse((await get(`/v1/tasks/${sweep}`)).body).state).toBe('completed');

    const path = `/v1/input-requests/${asked.id}`;
    await post(`${path}/answer`, { value: 'blue' })
      .expect(422)
      .expect(({ body }) => expect(body.code).toBe('invalid_answer'));
    const answered = await post(`${path}/answer`, { value: 'green', comment: 'Like the sea.' }).expect(200);
    expect(inputRequestSchema.parse(answered.body)).toMatchObject({
      state: 'answered',
      answer: { value: 'green', comment: 'Like the sea.' },
    });
    await post(`${path}/answer`, { value: 'red' })
      .expect(409)
      .expect(({ body }) => expect(body.code).toBe('already_answered'));
    await completed(mission);
  });

  it('asks for approval of dispatches and of results, and goes on by itself', async () => {
    for (const approval of ['dispatch', 'completion']) {
      const mission = await aMission({ approval });
      await post(`/v1/missions/${mission}/tasks`, { title: 'Paint' }).expect(201);
      const asked = await openRequest(mission);
      expect(asked).toMatchObject({ kind: 'approval', about: approval });
      await post(`/v1/input-requests/${asked.id}/answer`, { value: 'approve' }).expect(200);
      await completed(mission);
    }
  });

  it('spends no conductor on dispatching what names a worker, where planning is auto', async () => {
    const mission = await aMission({ planning: 'auto' });
    await post(`/v1/missions/${mission}/tasks`, {
      tasks: [
        { title: 'Sand', worker: 'builtin', key: 'sand' },
        { title: 'Paint', worker: 'builtin', depends_on: ['sand'] },
      ],
    }).expect(200);
    await completed(mission);
    const tools = (await decisionsOf(mission)).map(({ tool }) => tool);
    expect(tools).not.toContain('task_dispatch');
    expect(tools.filter((tool) => tool === 'task_review')).toHaveLength(2);
    const { data } = pageOf(waveSchema).parse((await get(`/v1/missions/${mission}/waves`)).body);
    expect(data.every((wave) => wave.trigger === 'result')).toBe(true);
  });

  it('refuses a directive that no request could ever carry', async () => {
    const mission = await aMission({ context_budget_tokens: 8_000 });
    const text = '字碼'.repeat(2_000);
    for (const refused of [
      post(`/v1/missions/${mission}/directives`, { text }),
      post('/v1/missions', { title: 'Dense', directives: [text], policy: { context_budget_tokens: 8_000 } }),
    ])
      expect((await refused.expect(422)).body.code).toBe('directive_too_large');
    await post(`/v1/missions/${mission}/directives`, { text: 'Paint twice.' }).expect(201);
  });

  it('is nothing that another tenant can see or answer, nor an unsigned program approve', async () => {
    const mission = await aMission({ approval: 'dispatch' });
    await post(`/v1/missions/${mission}/tasks`, { title: 'Paint' }).expect(201);
    const asked = await openRequest(mission);
    const stranger = await service.anotherKey();
    await get(`/v1/input-requests/${asked.id}`, stranger).expect(404);
    await post(`/v1/input-requests/${asked.id}/answer`, { value: 'approve' }, stranger).expect(404);
    expect((await get(`/v1/input-requests?mission_id=${mission}`, stranger).expect(200)).body.data).toEqual(
      [],
    );
    const { body } = await post('/v1/api-keys', { name: 'bot', scopes: ['messages:write'] }).expect(201);
    await post(`/v1/input-requests/${asked.id}/answer`, { value: 'approve' }, String(body.api_key)).expect(
      403,
    );
    expect((await openRequest(mission)).id).toBe(asked.id);
  });
});
