import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { createTestDatabase } from '../../../../test/support/database.js';
import { aTenant } from '../../test-support/a-tenant.js';
import { anApi } from '../../test-support/api.js';
import { BodyDeadlines } from './body-deadlines.js';

const { transactions, drop } = await createTestDatabase();
const SLOW_CLIENTS = 100;
let app: INestApplication<Server>;
let server: Server;
let apiKey: string;

beforeAll(async () => {
  app = await anApi(transactions);
  server = app.getHttpServer();
  ({ apiKey } = await aTenant(transactions));
});
afterAll(async () => {
  await app.close();
  await drop();
});

/** Clients that send this much and then nothing more; each settles when it was cut off. */
async function clientsThatStopAfter(text: string): Promise<Promise<string>[]> {
  const { port } = server.address() as AddressInfo; // it listens on a port
  const sockets = await Promise.all(
    Array.from({ length: SLOW_CLIENTS }, async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(text);
      return socket;
    }),
  );
  return sockets.map(answerUntilCutOff);
}

async function answerUntilCutOff(socket: Socket): Promise<string> {
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.on('error', () => {});
  await once(socket, 'close');
  return answer;
}

describe('a client that does not come to an end', () => {
  it('has ten seconds for its headers, thirty for a body and ten minutes for the largest', () => {
    expect([server.headersTimeout, server.requestTimeout]).toEqual([10_000, 600_000]);
    expect(app.get(BodyDeadlines).bodyMs).toBe(30_000);
    expect(Reflect.get(server, 'connectionsCheckingInterval')).toBe(1_000);
  });

  it.each([
    ['in its headers', 408, 'GET /v1/missions HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    [
      'in its body',
      408,
      'POST /v1/missions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\nAuthorization: Bearer KEY\r\n\r\n{"title"',
    ],
    [
      'in a body that nobody reads',
      404,
      'POST /v1/nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer KEY\r\n\r\n7\r\n{"title\r\n',
    ],
  ])('is cut off, and others are served meanwhile: %s', async (_, status, text) => {
    Object.assign(server, { headersTimeout: 500, connectionsCheckingInterval: 100 });
    Object.assign(app.get(BodyDeadlines), { bodyMs: 500 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const ends = await clientsThatStopAfter(text.replace('KEY', apiKey));
    const read = await request(server)
      .get('/v1/missions')
      .set({ Authorization: `Bearer ${apiKey}` });
    expect(read.status).toBe(200);
    for (const answer of await Promise.all(ends)) expect(answer).toMatch(`HTTP/1.1 ${status} `);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('a client that has connected and asks nothing', () => {
  it('does not keep the service from ending', async () => {
    const own = await anApi(transactions);
    const ownServer = own.getHttpServer() as Server;
    await new Promise<void>((resolve) => ownServer.listen(0, '127.0.0.1', resolve));
    const socket = connect((ownServer.address() as AddressInfo).port, '127.0.0.1');
    const cutOff = answerUntilCutOff(socket);
    await once(ownServer, 'connection');
    await own.close();
    expect(await cutOff).toBe('');
  });
});
