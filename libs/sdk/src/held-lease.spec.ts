import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AttemptLostError, HeldLease } from './held-lease.js';
import { Wavekeeper } from './wavekeeper.js';

const HOLD = { attemptId: 'att_1', leaseToken: 'token' };
/** A beat has a third of it, which is enough on a busy machine. */
const LEASE_MS = 1_500;
const FOREVER_MS = 600_000;

let server: Server;
let wavekeeper: Wavekeeper;
/** The code of the refusal that beats get; null: they are taken; undefined: nobody answers. */
let refusal: { status: number; code: string } | null | undefined;
let beats: Record<string, unknown>[];
const arrived = () => once(server, 'beat');
beforeEach(async () => {
  refusal = null;
  beats = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      beats.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
      if (refusal === undefined) response.destroy();
      else if (refusal === null)
        response.setHeader('content-type', 'application/json').end('{"lease_expires_at":""}');
      else
        response
          .writeHead(refusal.status, { 'content-type': 'application/problem+json' })
          .end(JSON.stringify({ ...PROBLEM, ...refusal }));
      server.emit('beat');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  wavekeeper = new Wavekeeper({ url: `http://127.0.0.1:${port}`, apiKey: 'wk_test' });
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const PROBLEM = { type: '', title: '', detail: '', instance: '', retryable: false, errors: [] };
const lostOf = async (lease: HeldLease): Promise<string | null> => {
  if (!lease.lost.aborted) await once(lease.lost, 'abort');
  return lease.lostCode;
};

describe('a held lease', () => {
  it('beats with its token until it is released', async () => {
    const lease = new HeldLease(wavekeeper, HOLD, LEASE_MS);
    for (let times = 0; times < 3; times += 1) await arrived();
    lease.release();
    expect(beats[0]).toEqual({ lease_token: 'token' });
    expect(lease.lost.aborted).toBe(false);
  });

  it.each(['attempt_canceled', 'lease_lost'])('is lost when the service says %s', async (code) => {
    refusal = { status: 409, code };
    const lease = new HeldLease(wavekeeper, HOLD, LEASE_MS);
    expect(await lostOf(lease)).toBe(code);
    expect(lease.lost.reason).toBeInstanceOf(AttemptLostError);
    expect(beats).toHaveLength(1);
  });

  it.each([
    ['could not be reached', undefined],
    ['refused the key', { status: 401, code: 'unauthenticated' }],
  ])('is lost when the service %s for as long as it lasts, not before', async (_, answer) => {
    refusal = answer;
    const startedAtMs = performance.now();
    const lease = new HeldLease(wavekeeper, HOLD, LEASE_MS);
    expect(await lostOf(lease)).toBe('lease_lost');
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(LEASE_MS);
    expect(beats.length).toBeGreaterThan(1);
  });

  it('says how far the work is at once, then with its next beat when that is too soon', async () => {
    const lease = new HeldLease(wavekeeper, HOLD, FOREVER_MS);
    await lease.say(0.5, 'half');
    await lease.say(0.6);
    lease.release();
    expect(beats).toEqual([{ lease_token: 'token', progress: 0.5, message: 'half' }]);
    const short = new HeldLease(wavekeeper, HOLD, LEASE_MS);
    await short.say(0.5);
    await short.say(0.9, 'nearly');
    await arrived();
    short.release();
    expect(beats.at(-1)).toEqual({ lease_token: 'token', progress: 0.9, message: 'nearly' });
  });

  it('that was released is not lost any more, whatever is said to a beat under way', async () => {
    refusal = { status: 409, code: 'lease_lost' };
    const lease = new HeldLease(wavekeeper, HOLD, FOREVER_MS);
    const said = lease.say(0.1);
    lease.release();
    await said;
    expect(lease.lost.aborted).toBe(false);
  });
});
