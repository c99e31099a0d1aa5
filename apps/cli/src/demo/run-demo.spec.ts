import { Webhook } from 'standardwebhooks';
import { aMission, anEvent, aWave, secondsIn } from '../../test/builders.js';
import { FakeService, problem, type Route } from '../../test/fake-service.js';
import { ApiClient } from '../api-client.js';
import { runDemo } from './run-demo.js';

const SECRET = `whsec_${Buffer.from('a secret of 24 bytes, yes').toString('base64')}`;
const TASKS = [
  { key: 'a', title: 'A' },
  { key: 'b', title: 'B', depends_on: ['a'] },
];
const EVENTS = [
  anEvent(1, 'mission.created'),
  anEvent(2, 'wave.committed', { wave_id: 'wav_1' }),
  anEvent(3, 'task.completed', { task_id: 'tsk_1' }),
  anEvent(4, 'wave.committed', { wave_id: 'wav_2' }),
  anEvent(5, 'task.completed', { task_id: 'tsk_2' }),
  anEvent(6, 'mission.completed', { created_at: secondsIn(6) }),
];

let service: FakeService | null = null;
afterEach(async () => {
  await service?.close();
  service = null;
});

/** A service that has done the work as soon as it has the tasks, and then sends every webhook twice. */
async function aService(routes: Record<string, Route> = {}): Promise<FakeService> {
  let endpointUrl = '';
  const ended = aMission({ state: 'completed', counts: { completed: 2 } });
  const wave = (id: string | undefined) => aWave({ id: id ?? '', number: Number(id?.slice(-1)) });
  return FakeService.listen({
    'POST /v1/missions': () => ({ status: 201, body: aMission() }),
    'POST /v1/webhook-endpoints': ({ body }) => {
      endpointUrl = (body as { url: string }).url;
      return { status: 201, body: anEndpoint(endpointUrl) };
    },
    'DELETE /v1/webhook-endpoints/*': () => ({ status: 204 }),
    'POST /v1/missions/*/tasks': ({ body }) => {
      for (const { id, type } of [...EVENTS.slice(2), ...EVENTS.slice(2)])
        if (type !== 'wave.committed') void sendWebhook(endpointUrl, id, type);
      const { tasks } = body as { tasks: unknown[] };
      const data = tasks.map((_task, index) => ({
        index,
        id: `tsk_${index + 1}`,
        ref: `T${index + 1}`,
        existing: false,
      }));
      return { body: { data } };
    },
    'GET /v1/missions/*': () => ({ body: ended }),
    'GET /v1/missions/*/events': ({ query }) => ({
      body: { data: EVENTS.filter((event) => (event.seq ?? 0) > Number(query.get('after'))).slice(0, 4) },
    }),
    // Newest first, one a page.
    'GET /v1/missions/*/waves': ({ query }) => ({
      body: query.has('cursor')
        ? { data: [wave('wav_1')], next_cursor: null }
        : { data: [wave('wav_2')], next_cursor: 'next' },
    }),
    'GET /v1/waves/*': ({ wildcards }) => ({ body: wave(wildcards[0]) }),
    'GET /v1/missions/*/conductor': () => ({
      body: {
        wave: null,
        context: { tokens: 0, budget: 24_000, ceiling: 195_904, level: 'ok' },
        spill: 0,
        next_wave_at: null,
      },
    }),
    ...routes,
  });
}

function anEndpoint(url: string) {
  return {
    id: 'whe_1',
    url,
    event_types: ['*'],
    mission_id: 'msn_1',
    include_result: false,
    disabled_reason: null,
    is_callback: false,
    health: { failures_in_a_row: 0, failing_since: null, next_probe_at: null },
    description: '',
    state: 'enabled',
    secret: SECRET,
    created_at: secondsIn(0),
  };
}

async function sendWebhook(url: string, id: string, type: string): Promise<void> {
  const data = { mission_id: 'msn_1', seq: 1, url: 'http://127.0.0.1/' };
  const body = JSON.stringify({ type, timestamp: secondsIn(1), data });
  const at = new Date();
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(SECRET).sign(id, at, body),
  };
  // The receiver closes as soon as it has all it waits for, which may be before a repeated one.
  await fetch(url, { method: 'POST', body, headers }).catch(() => {});
}

async function demoAgainst(fake: FakeService) {
  const waves: number[] = [];
  const result = runDemo({
    client: new ApiClient({ url: fake.url, apiKey: 'wk_test' }),
    mission: { title: 'Two tasks', objective: '', tasks: TASKS },
    stopping: new AbortController().signal,
    onMission: () => {},
    onWave: (wave) => waves.push(wave.number),
    onProgress: () => {},
  });
  return { waves, result: await result };
}

describe('runDemo', () => {
  test('submits all tasks in one request and reports what the API and the webhooks say', async () => {
    service = await aService();
    const { waves, result } = await demoAgainst(service);
    expect(service.to('POST', '/v1/missions/msn_1/tasks').map((request) => request.body)).toEqual([
      { tasks: TASKS },
    ]);
    expect(waves).toEqual([1, 2]);
    expect(result).toMatchObject({
      ending: 'completed',
      lastWaveId: 'wav_2',
      webhooksOwed: 3,
      firstCommitSeconds: 2,
      report: {
        tasks: { completed: 2, failed: 0, canceled: 0 },
        waves: 2,
        duplicates: 0,
        webhooks: { delivered: 3, verified: 3 },
        seconds: 6,
      },
    });
  });

  test('subscribes to the ends of tasks and of the mission, and takes its endpoint away again', async () => {
    service = await aService();
    await demoAgainst(service);
    expect(service.to('POST', '/v1/webhook-endpoints')[0]?.body).toMatchObject({
      mission_id: 'msn_1',
      event_types: ['task.completed', 'task.failed', 'mission.completed'],
    });
    expect(service.to('DELETE', '/v1/webhook-endpoints/whe_1')).toHaveLength(1);
  });

  test('fails, names the task, and still tidies up when the service refuses one', async () => {
    service = await aService({
      'POST /v1/missions/*/tasks': () => ({
        body: {
          data: [
            { index: 0, id: 'tsk_1', ref: 'T1', existing: false },
            {
              index: 1,
              problem: { code: 'unknown_dependency', message: 'depends on nothing known', pointer: null },
            },
          ],
        },
      }),
    });
    await expect(demoAgainst(service)).rejects.toThrow('b: depends on nothing known');
    expect(service.to('DELETE', '/v1/webhook-endpoints/whe_1')).toHaveLength(1);
  });

  test('ends when the mission waits for a person', async () => {
    service = await aService({
      'GET /v1/missions/*': () => ({ body: aMission({ state: 'stalled', holds: ['stalled'] }) }),
    });
    const { result } = await demoAgainst(service);
    expect(result).toMatchObject({ ending: 'held', missionState: 'stalled' });
  });

  test('ends when what is left is blocked and nothing is due', async () => {
    service = await aService({
      'GET /v1/missions/*': () => ({ body: aMission({ counts: { failed: 1, blocked: 1 } }) }),
    });
    await expect(demoAgainst(service)).resolves.toMatchObject({ result: { ending: 'at_rest' } });
  });

  test('passes a refusal on', async () => {
    service = await aService({ 'POST /v1/missions': () => problem(401, 'unauthenticated') });
    await expect(demoAgainst(service)).rejects.toMatchObject({ status: 401 });
  });
});
