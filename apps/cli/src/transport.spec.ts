import { z } from 'zod';
import { FakeService, problem, type Route } from '../test/fake-service.js';
import { ApiProblemError, repeatDelayMs, retryAfter, Transport } from './transport.js';

let service: FakeService | null = null;
afterEach(async () => {
  await service?.close();
  service = null;
});

async function transportTo(routes: Record<string, Route>): Promise<Transport> {
  service = await FakeService.listen(routes);
  return new Transport({ url: service.url, apiKey: 'wk_test' });
}

/** Answers with each of the given answers in turn, then with the last one again. */
function inTurn(...answers: [Awaited<ReturnType<Route>>, ...Awaited<ReturnType<Route>>[]]): Route {
  let turn = 0;
  return () => answers[Math.min(turn++, answers.length - 1)] ?? answers[0];
}

const answer = z.object({ ok: z.boolean() });
const WELL = { body: { ok: true } };
const AT_ONCE = { 'retry-after': '0' };

describe('Transport', () => {
  test('repeats a POST under one idempotency key after a lost connection and after 503', async () => {
    const busy = { ...problem(503, 'draining'), headers: AT_ONCE };
    const transport = await transportTo({ 'POST /v1/things': inTurn('hang_up', busy, WELL) });
    await expect(transport.send({ method: 'POST', path: '/v1/things', body: {}, answer })).resolves.toEqual({
      ok: true,
    });
    const keys = service?.requests.map((request) => request.headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(service?.requests[0]?.headers.authorization).toBe('Bearer wk_test');
  });

  test('gives up after four tries', async () => {
    const transport = await transportTo({
      'GET /v1/things': () => ({ ...problem(429, 'rate'), headers: AT_ONCE }),
    });
    await expect(transport.send({ method: 'GET', path: '/v1/things', answer })).rejects.toMatchObject({
      status: 429,
    });
    expect(service?.requests).toHaveLength(4);
  });

  test('throws a problem with its code and never repeats it', async () => {
    const transport = await transportTo({ 'GET /v1/things': () => problem(409, 'lease_lost', 'Gone.') });
    const sent = transport.send({ method: 'GET', path: '/v1/things', answer });
    await expect(sent).rejects.toMatchObject({ status: 409, code: 'lease_lost', message: 'Gone.' });
    expect(service?.requests).toHaveLength(1);
  });

  test('refuses an answer that does not fit the contract, naming the request', async () => {
    const transport = await transportTo({ 'GET /v1/things': () => ({ body: { ok: 'yes' } }) });
    await expect(transport.send({ method: 'GET', path: '/v1/things', answer })).rejects.toThrow(
      'GET /v1/things',
    );
  });
});

test('repeatDelayMs follows Retry-After up to its bound, and else doubles', () => {
  const refused = (retryAfterMs: number | null) =>
    new ApiProblemError({ status: 503, code: 'x', detail: 'x', retryable: true, errors: [], retryAfterMs });
  expect(repeatDelayMs(refused(7_000), 1)).toBe(7_000);
  expect(repeatDelayMs(refused(3_600_000), 1)).toBe(30_000);
  expect([1, 2, 3].map((tries) => repeatDelayMs(refused(null), tries))).toEqual([250, 500, 1_000]);
  expect(repeatDelayMs(new Error('other'), 1)).toBeNull();
});

test('retryAfter reads seconds and dates, and nothing else', () => {
  expect(retryAfter('5', 0)).toBe(5_000);
  expect(retryAfter('Mon, 23 Nov 2026 10:00:10 GMT', Date.parse('2026-11-23T10:00:00Z'))).toBe(10_000);
  expect(retryAfter('soon', 0)).toBeNull();
  expect(retryAfter(null, 0)).toBeNull();
});
