import { INTERNAL_HOSTS } from '../test/internal-hosts.js';
import { answers, openReceiver, type Receiver } from '../test/receiver.js';
import { parseAllowedNetworks } from './domain/target.js';
import { SafeFetch, type PostOutcome, type SafeFetchOptions } from './safe-fetch.js';

const loopback = parseAllowedNetworks(['127.0.0.0/8', '::1/128']);
const post = { headers: { 'content-type': 'application/json' }, body: '{"type":"endpoint.test"}' };

let receiver: Receiver;
const opened: SafeFetch[] = [];
const safeFetch = (options: Partial<SafeFetchOptions> = {}): SafeFetch => {
  const made = new SafeFetch({ allowedNetworks: loopback, ...options });
  opened.push(made);
  return made;
};

beforeEach(async () => {
  receiver = await openReceiver();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await receiver.close();
});

describe('SafeFetch, into the network we stand in', () => {
  it.each(INTERNAL_HOSTS)('never connects to %s', async (host) => {
    const outcome = await safeFetch({ allowedNetworks: [] }).post({
      ...post,
      url: `http://${host}:${receiver.port}/`,
    });
    expect(outcome).toMatchObject({ status: null, error: 'address_not_allowed', excerpt: null });
    expect(receiver.requests).toHaveLength(0);
  });

  it.each(['localhost', 'localhost.', 'LOCALHOST'])('never connects to the name %s', async (host) => {
    const outcome = await safeFetch({ allowedNetworks: [] }).post({
      ...post,
      url: `http://${host}:${receiver.port}/`,
    });
    expect(outcome.status).toBeNull();
    expect(receiver.requests).toHaveLength(0);
  });

  it.each([
    [['127.0.0.1']],
    [['8.8.8.8', '127.0.0.1']],
    [['127.0.0.1', '8.8.8.8']],
    [['8.8.8.8', '::ffff:127.0.0.1']],
    [['::1']],
    [['fe80::1%lo']],
    [['not an address']],
    [[]],
  ])('never connects when a name resolves to %j', async (addresses) => {
    const resolve = () => Promise.resolve(addresses);
    const url = `http://receiver.example:${receiver.port}/`;
    expect(await safeFetch({ allowedNetworks: [], resolve }).post({ ...post, url })).toMatchObject({
      status: null,
      error: 'address_not_allowed',
    });
    expect(receiver.requests).toHaveLength(0);
  });

  it('gains a rebinding name nothing: each request looks up once and connects to what it judged', async () => {
    const outside = await openReceiver('127.0.0.2', receiver.port); // plays the public internet
    const lookups: string[] = [];
    const rebinding = safeFetch({
      allowedNetworks: parseAllowedNetworks(['127.0.0.2/32']),
      resolve: (hostname) => {
        lookups.push(hostname);
        return Promise.resolve([lookups.length % 2 === 1 ? '127.0.0.2' : '127.0.0.1']);
      },
    });
    const statuses: (number | null)[] = [];
    for (let count = 0; count < 4; count += 1) {
      const outcome = await rebinding.post({ ...post, url: `http://rebind.example:${receiver.port}/` });
      statuses.push(outcome.status);
    }
    await outside.close();
    expect(statuses).toEqual([200, null, 200, null]);
    expect(lookups).toHaveLength(4);
    expect(receiver.requests).toHaveLength(0);
  });

  it.each([301, 302, 303, 307, 308])('never follows a %i', async (status) => {
    const outside = await openReceiver('127.0.0.2');
    outside.behave(answers(status, { location: receiver.url }));
    const allowedNetworks = parseAllowedNetworks(['127.0.0.2/32']);
    const outcome = await safeFetch({ allowedNetworks }).post({ ...post, url: outside.url });
    await outside.close();
    expect(outcome).toMatchObject({ status, error: null });
    expect(receiver.requests).toHaveLength(0);
  });
});

describe('SafeFetch, to a receiver', () => {
  const send = (options: Partial<SafeFetchOptions> = {}): Promise<PostOutcome> =>
    safeFetch(options).post({ ...post, url: receiver.url });

  it('posts body and headers as they are, and keeps the answer', async () => {
    receiver.behave(answers(202, {}, 'thank you'));
    expect(await send()).toEqual({
      status: 202,
      retryAfter: null,
      error: null,
      excerpt: 'thank you',
      durationMs: expect.any(Number) as number,
    });
    expect(receiver.requests).toMatchObject([{ body: post.body, headers: post.headers }]);
  });

  it('resolves a host name that the operator allowed', async () => {
    const outcome = await safeFetch().post({ ...post, url: `http://localhost:${receiver.port}/` });
    expect(outcome.status).toBe(200);
  });

  it('never keeps more than 1 KiB of an answer, nor text that cannot be stored', async () => {
    receiver.behave(answers(500, {}, `\u0000${'é'.repeat(1_000)}`));
    const { excerpt } = await send();
    expect(excerpt).toBe(`\uFFFD${'é'.repeat(511)}`);
  });

  it('passes Retry-After on', async () => {
    receiver.behave(answers(429, { 'retry-after': '90' }));
    expect(await send()).toMatchObject({ status: 429, retryAfter: '90' });
  });

  it('cuts off an answer without end, and still knows its status', async () => {
    receiver.behave((response) => {
      response.writeHead(200);
      const flood = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384, 'x')));
      };
      response.on('drain', flood);
      flood();
    });
    expect(await send()).toMatchObject({
      status: 200,
      error: 'response_too_large',
      excerpt: 'x'.repeat(1_024),
    });
  });

  it('gives up on a receiver that never answers', async () => {
    receiver.behave(() => undefined);
    expect(await send({ deadlineMs: 100 })).toMatchObject({ status: null, error: 'timeout' });
  });

  it('gives up on an answer that drips for ever, and still knows its status', async () => {
    receiver.behave((response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(drip));
    });
    expect(await send({ deadlineMs: 200 })).toMatchObject({ status: 200, error: 'timeout' });
  });

  it('gives up on headers that drip for ever', async () => {
    receiver.behave((response) => {
      const drip = setInterval(() => response.socket?.write('X'), 10);
      response.socket?.write('HTTP/1.1 200 OK\r\n');
      response.on('close', () => clearInterval(drip));
    });
    expect(await send({ deadlineMs: 200 })).toMatchObject({ status: null, error: 'timeout' });
  });

  it('gives up on a name server that never answers', async () => {
    const resolve = () => new Promise<string[]>(() => undefined);
    const url = `http://receiver.example:${receiver.port}/`;
    expect(await safeFetch({ resolve, deadlineMs: 100 }).post({ ...post, url })).toMatchObject({
      error: 'timeout',
    });
  });

  it('reports a connection that breaks', async () => {
    receiver.behave((response) => response.socket?.resetAndDestroy());
    expect(await send()).toMatchObject({ status: null, error: 'connection_lost' });
  });

  it('reports what is no HTTP', async () => {
    receiver.behave((response) => response.socket?.end('220 mail.example ESMTP\r\n'));
    expect(await send()).toMatchObject({ status: null, error: expect.stringMatching(/^failed/) as string });
  });

  it('reports a receiver that does not speak TLS', async () => {
    const outcome = await safeFetch().post({ ...post, url: receiver.url.replace('http:', 'https:') });
    expect(outcome).toMatchObject({ status: null, error: expect.stringMatching(/^failed/) as string });
  });

  it('reports a closed port without naming an address', async () => {
    const { port } = receiver;
    await receiver.close();
    const resolve = () => Promise.resolve(['127.0.0.1', '127.0.0.3']);
    const outcome = await safeFetch({ resolve }).post({ ...post, url: `http://receiver.example:${port}/` });
    expect(outcome).toMatchObject({ status: null, error: 'failed: ECONNREFUSED' });
    receiver = await openReceiver();
  });

  it('reports a name that does not resolve', async () => {
    const resolve = () => Promise.reject(new Error('no such name'));
    const outcome = await safeFetch({ resolve }).post({ ...post, url: 'http://receiver.example/' });
    expect(outcome).toMatchObject({ status: null, error: 'name_not_resolved' });
  });
});
