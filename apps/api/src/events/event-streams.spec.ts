import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { EventListener } from '#database';
import { silentLogger } from '#telemetry';
import { ApiProblem } from '../edge/problem.js';
import { EventStreams } from './event-streams.js';

const KEY = { tenantId: 'a tenant', keyId: 'a key' };

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

/** Streams over real connections: every request follows, and is sent what `follow` sends. */
async function serve(options: {
  readonly follow?: Parameters<EventStreams['run']>[2];
  readonly endedKeys?: () => Promise<readonly string[]>;
  readonly slowReaderMs?: number;
}) {
  let notice: EventListener = () => undefined;
  const streams = new EventStreams({
    notices: {
      subscribe: (listener) => {
        notice = listener;
        return () => undefined;
      },
    },
    endedKeys: options.endedKeys ?? (() => Promise.resolve([])),
    logger: silentLogger,
    beatMs: 20,
    keysLookMs: 20,
    slowReaderMs: options.slowReaderMs ?? 10_000,
  });
  const follow = options.follow ?? ((stream) => stream.untilWoken(10_000));
  server = createServer((_request, response) => {
    streams
      .run({ ...KEY, response }, (stream) => stream.wake(), follow)
      .catch((error: unknown) => response.writeHead(error instanceof ApiProblem ? error.status : 500).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    streams,
    port,
    url: `http://127.0.0.1:${port}`,
    notify: (...heard: Parameters<EventListener>) => notice(...heard),
  };
}

describe('a live stream', () => {
  it('ends with its reason when its key is revoked', async () => {
    const ended: string[] = [];
    const { url } = await serve({ endedKeys: () => Promise.resolve(ended) });
    const answer = await fetch(url);
    ended.push(KEY.keyId);
    expect(await answer.text()).toContain('event: end\ndata: {"reason":"key_revoked"}');
  });

  it('shows that it lives, and outlives a database that cannot say whether its key holds', async () => {
    const { url, streams } = await serve({ endedKeys: () => Promise.reject(new Error('away')) });
    const answer = await fetch(url);
    const reader = answer.body?.getReader();
    let text = '';
    while (!text.includes(': still here'))
      text += Buffer.from((await reader?.read())?.value ?? []).toString();
    streams.onModuleDestroy();
    while (!text.includes('shutting_down'))
      text += Buffer.from((await reader?.read())?.value ?? []).toString();
  });

  it('is refused by a process that is about to end', async () => {
    const { url, streams } = await serve({});
    streams.onModuleDestroy();
    expect((await fetch(url)).status).toBe(503);
  });

  it('is refused to a tenant that has fifty, until one of them has gone', async () => {
    const { url } = await serve({});
    const leaving = new AbortController();
    const first = await fetch(url, { signal: leaving.signal });
    const others = await Promise.all(Array.from({ length: 49 }, () => fetch(url)));
    expect([first, ...others].every(({ status }) => status === 200)).toBe(true);
    expect((await fetch(url)).status).toBe(429);
    leaving.abort();
    while ((await fetch(url)).status !== 200);
  });

  it('holds no more for a slow reader than its connection does, and cuts it off', async () => {
    let sent = 0;
    const { port, streams } = await serve({
      slowReaderMs: 100,
      follow: async (stream) => {
        await stream.send({ filling: 'x'.repeat(100_000) });
        sent += 1;
      },
    });
    const reader = connect(port, '127.0.0.1').pause();
    const closed = once(reader, 'close');
    reader.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    reader.on('error', () => undefined);
    await once(reader, 'connect');
    while (sent === 0) await new Promise(setImmediate);
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(sent).toBeLessThan(1_000);
    reader.resume(); // what the kernel holds has to be taken for the end to be seen
    await closed;
    streams.onModuleDestroy();
  });

  it('sends what it is woken for, by a notice or because some may have been missed', async () => {
    let woken = 0;
    const { url, notify, streams } = await serve({
      follow: async (stream) => {
        await stream.untilWoken(10_000);
        if (!stream.hasEnded) await stream.send({ woken: (woken += 1) });
      },
    });
    const answer = await fetch(url);
    notify({ tenantId: 'another tenant', missionId: 'm', seq: 1 });
    notify({ tenantId: KEY.tenantId, missionId: 'm', seq: 1 });
    while (woken < 1) await new Promise(setImmediate);
    notify(null);
    while (woken < 2) await new Promise(setImmediate);
    streams.onModuleDestroy();
    const text = await answer.text();
    expect([...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data)).toEqual([
      '{"woken":1}',
      '{"woken":2}',
      '{"reason":"shutting_down"}',
    ]);
  });
});
