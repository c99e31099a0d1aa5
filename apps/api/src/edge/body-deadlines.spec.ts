import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import express, { type Request } from 'express';
import { BodyDeadlines } from './body-deadlines.js';

const STRETCH_MS = 50;
/** More than lies in all buffers between the two: it arrives only as it is read. */
const BODY = Buffer.alloc(16 * 1_024 * 1_024);

let server: Server;
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

/** A server whose bodies bring something in each short stretch, and that takes them as `take` does. */
async function aServer(take: (request: Request) => Promise<unknown>): Promise<void> {
  const deadlines = Object.assign(new BodyDeadlines(), { stretchMs: STRETCH_MS, stretchBytesMin: 1 });
  const app = express().post('/', async (request, response) => {
    deadlines.extend(request, response);
    await take(request);
    response.end();
  });
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

/** The status, or that there was none. */
function send(body: Buffer, sizeBytes = body.length): Promise<number | 'cut off'> {
  const { port } = server.address() as AddressInfo; // it listens on a port
  return new Promise((resolve) => {
    const sending = httpRequest({ port, method: 'POST', headers: { 'content-length': sizeBytes } });
    sending.on('response', (response) => resolve(response.resume().statusCode ?? 0));
    sending.on('error', () => resolve('cut off'));
    sending.write(body);
  });
}

const readAll = (request: Request): Promise<void> => finished(request.resume());

describe('a body that may take its time', () => {
  it('is not cut off for what we were too slow to take', async () => {
    await aServer(async (request) => {
      await delay(20 * STRETCH_MS); // the disk is busy
      await readAll(request);
    });
    expect(await send(BODY)).toBe(200);
  });

  it('is cut off when its client stops', async () => {
    await aServer((request) => readAll(request).catch(() => undefined));
    expect([408, 'cut off']).toContain(await send(BODY.subarray(0, 1_000), BODY.length));
  });
});
