import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { errorOf, NoServiceError, retryAfterMs, ServiceError, ConflictError } from './errors.js';
import { sendOnce, sendRepeatedly } from './send.js';

type Answer = (response: ServerResponse) => void;
const well: Answer = (response) => void response.end('{}');
const hangUp: Answer = (response) => void response.destroy();
const busy =
  (status: number): Answer =>
  (response) =>
    void response.writeHead(status, { 'retry-after': '0' }).end();

let server: Server;
let answers: Answer[];
let asked: { method: string; key: string | undefined; body: string }[];
let url: string;
beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const key = request.headers['idempotency-key'];
      asked.push({
        method: request.method ?? '',
        key: typeof key === 'string' ? key : undefined,
        body: Buffer.concat(chunks).toString(),
      });
      (answers.shift() ?? well)(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/things`;
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
});

const send = (method: string, body?: string, headers: Record<string, string> = {}) =>
  sendRepeatedly(new Request(url, { method, headers, ...(body === undefined ? {} : { body }) }));

describe('sendRepeatedly', () => {
  it('repeats a POST under one key and with the same body, after a lost connection and when the service is busy', async () => {
    answers = [hangUp, busy(503), busy(429), well];
    expect((await send('POST', '{"a":1}')).status).toBe(200);
    expect(asked.map(({ body }) => body)).toEqual(Array(4).fill('{"a":1}'));
    expect(new Set(asked.map(({ key }) => key)).size).toBe(1);
    expect(asked[0]?.key).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('keeps the key that the caller gave', async () => {
    answers = [];
    await send('POST', '{}', { 'Idempotency-Key': 'mine' });
    expect(asked).toMatchObject([{ key: 'mine' }]);
  });

  it('gives up after four tries, with the last answer or the error', async () => {
    answers = Array<Answer>(5).fill(busy(429));
    expect((await send('GET')).status).toBe(429);
    expect(asked).toHaveLength(4);
    answers = Array<Answer>(5).fill(hangUp);
    await expect(send('DELETE')).rejects.toThrow(NoServiceError);
    expect(asked).toHaveLength(8);
  });

  it('never repeats what is answered, nor a PATCH, which has no key', async () => {
    answers = [(response) => void response.writeHead(500).end()];
    expect((await send('POST', '{}')).status).toBe(500);
    answers = [hangUp];
    await expect(send('PATCH', '{}')).rejects.toThrow(NoServiceError);
    expect(asked).toHaveLength(2);
  });

  it('ends at once, with the caller’s own reason, when the caller stops', async () => {
    const stop = new AbortController();
    answers = [() => stop.abort(new Error('enough'))];
    const sent = sendRepeatedly(new Request(url, { signal: stop.signal }));
    await expect(sent).rejects.toThrow('enough');
    expect(asked).toHaveLength(1);
  });
});

describe('sendOnce', () => {
  it('sends once, without a key', async () => {
    answers = [hangUp];
    await expect(sendOnce(new Request(url, { method: 'POST', body: '{}' }))).rejects.toThrow(NoServiceError);
    expect(asked).toMatchObject([{ key: undefined }]);
  });
});

describe('errorOf', () => {
  it('is of the family of its status, with the whole problem', () => {
    const problem = { code: 'lease_lost', detail: 'Gone.', title: 'Conflict' };
    const error = errorOf(new Response('', { status: 409, headers: { 'retry-after': '3' } }), problem);
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({
      name: 'ConflictError',
      code: 'lease_lost',
      status: 409,
      retryAfterMs: 3_000,
    });
    expect(error.message).toBe('Gone. (409 lease_lost)');
  });

  it('is one too for what is no problem, such as a page of a proxy', () => {
    const error = errorOf(new Response('', { status: 502 }), '<html>'.repeat(100));
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ code: 'unknown', status: 502 });
    expect(error.message.length).toBeLessThan(400);
  });
});

describe('retryAfterMs', () => {
  it('reads seconds and dates, and nothing else', () => {
    const nowMs = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMs('7', nowMs)).toBe(7_000);
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:05 GMT', nowMs)).toBe(5_000);
    expect(retryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', nowMs)).toBe(0);
    expect(retryAfterMs('soon', nowMs)).toBeNull();
    expect(retryAfterMs(null, nowMs)).toBeNull();
  });
});
