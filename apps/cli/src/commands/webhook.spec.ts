import { aSession, secondsIn } from '../../test/builders.js';
import { FakeService, problem, type Route } from '../../test/fake-service.js';
import { EXIT } from '../exit-codes.js';
import { runProgram } from '../program.js';

const ENDPOINT = {
  id: 'whe_1',
  url: 'https://a.example/hook',
  event_types: ['task.*'],
  mission_id: null,
  include_result: false,
  description: '',
  state: 'enabled',
  disabled_reason: null,
  is_callback: false,
  health: { failures_in_a_row: 0, failing_since: null, next_probe_at: null },
  created_at: secondsIn(0),
};
const TRY = {
  at: secondsIn(1),
  url: ENDPOINT.url,
  redelivery: false,
  status: 500,
  duration_ms: 12,
  error: null,
  response_excerpt: 'no\u001b[2J!',
};
const DELIVERY = {
  id: 'whd_1',
  endpoint_id: 'whe_1',
  event_id: 'evt_1',
  event_type: 'task.completed',
  state: 'dead',
  dead_reason: 'exhausted',
  tries: [TRY],
  next_try_at: null,
  created_at: secondsIn(0),
};

let service: FakeService | null = null;
afterEach(async () => {
  await service?.close();
  service = null;
});

async function run(routes: Record<string, Route>, ...commandLine: string[]) {
  service = await FakeService.listen(routes);
  const { session, written } = aSession({ WAVEKEEPER_URL: service.url, WAVEKEEPER_API_KEY: 'wk_test' });
  const exitCode = await runProgram(session, ['webhook', ...commandLine]);
  return { exitCode, ...written };
}

describe('webhook endpoint', () => {
  test('create prints the secret, this once, and asks for everything unless told', async () => {
    const route = { 'POST /v1/webhook-endpoints': () => ({ body: { ...ENDPOINT, secret: 'whsec_x' } }) };
    const ended = await run(route, 'endpoint', 'create', ENDPOINT.url);
    expect(ended).toMatchObject({
      exitCode: EXIT.ok,
      stdout: 'whe_1  enabled  task.*  https://a.example/hook\nwhsec_x\n',
    });
    expect(service?.requests[0]?.body).toMatchObject({ url: ENDPOINT.url, event_types: ['*'] });
  });

  test('list says how each has answered', async () => {
    const health = { failures_in_a_row: 7, failing_since: secondsIn(0), next_probe_at: secondsIn(60) };
    const data = [
      { ...ENDPOINT, health },
      { ...ENDPOINT, state: 'disabled', disabled_reason: 'gone' },
    ];
    const route = { 'GET /v1/webhook-endpoints': () => ({ body: { data, next_cursor: null } }) };
    const { stdout } = await run(route, 'endpoint', 'list');
    expect(stdout).toContain('enabled (7 failures in a row, circuit open)');
    expect(stdout).toContain('disabled (gone)');
  });

  test.each([
    ['delivered', null, EXIT.ok],
    ['dead', 'exhausted', EXIT.failure],
  ])('test that ends %s (%s) ends with %i', async (state, reason, exitCode) => {
    let asked = 0;
    const routes: Record<string, Route> = {
      'POST /v1/webhook-endpoints/*/test': () => ({ body: { event_id: 'evt_1', delivery_id: 'whd_1' } }),
      'GET /v1/webhook-deliveries/*': () => {
        asked += 1;
        const ended = { ...DELIVERY, state, dead_reason: reason, request_body: '{}' };
        return { body: asked === 1 ? { ...ended, state: 'pending', tries: [] } : ended };
      },
    };
    const ended = await run(routes, 'endpoint', 'test', 'whe_1', '--json');
    expect(ended.exitCode).toBe(exitCode);
    expect(JSON.parse(ended.stdout)).toMatchObject({ id: 'whd_1', state });
  });

  test.each([
    ['enable', 'enabled'],
    ['disable', 'disabled'],
  ])('%s changes its state to %s', async (action, state) => {
    const route = { 'PATCH /v1/webhook-endpoints/*': () => ({ body: ENDPOINT }) };
    expect(await run(route, 'endpoint', action, 'whe_1')).toMatchObject({ exitCode: EXIT.ok });
    expect(service?.requests[0]?.body).toEqual({ state });
  });

  test('rotate-secret of one that is not there ends with 3', async () => {
    const route = { 'POST /v1/webhook-endpoints/*/rotate-secret': () => problem(404, 'not_found') };
    expect((await run(route, 'endpoint', 'rotate-secret', 'whe_9')).exitCode).toBe(EXIT.notFound);
  });
});

describe('webhook deliveries', () => {
  test('never let what a receiver said steer the terminal', async () => {
    const page = { data: [DELIVERY], next_cursor: null };
    const { stdout } = await run(
      { 'GET /v1/webhook-deliveries': () => ({ body: page }) },
      ...['deliveries', '--endpoint', 'whe_1', '--state', 'dead'],
    );
    expect(stdout).toBe('whd_1  dead (exhausted)  task.completed  1 try  500 no\uFFFD[2J!\n');
    expect(service?.requests[0]?.query.get('endpoint_id')).toBe('whe_1');
  });

  test('are tried again with redeliver', async () => {
    const route = {
      'POST /v1/webhook-deliveries/*/redeliver': () => ({ body: { ...DELIVERY, request_body: '{}' } }),
    };
    expect((await run(route, 'redeliver', 'whd_1')).exitCode).toBe(EXIT.ok);
  });

  test('are recovered until nothing is left, and counted', async () => {
    const answers = [
      { recovered: 1_000, has_more: true },
      { recovered: 3, has_more: false },
    ];
    const route = { 'POST /v1/webhook-endpoints/*/recover': () => ({ body: answers.shift() }) };
    const ended = await run(route, 'recover', 'whe_1', '--since', '2026-11-25T08:00:00Z');
    expect(ended).toMatchObject({ exitCode: EXIT.ok, stdout: '1003 webhooks will be sent again.\n' });
  });

  test('of a disabled endpoint are not recovered: 5', async () => {
    const route = { 'POST /v1/webhook-endpoints/*/recover': () => problem(409, 'endpoint_disabled') };
    expect((await run(route, 'recover', 'whe_1', '--since', '2026-11-25T08:00:00Z')).exitCode).toBe(
      EXIT.conflict,
    );
  });
});
