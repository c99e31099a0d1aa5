import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import request from 'supertest';
import { findFreePort } from '#database';
import { silentLogger, startTelemetry, type Telemetry } from '#telemetry';
import { COUNTERS, GAUGES, HISTOGRAMS } from '../libs/telemetry/src/measurements.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';

import { startReceiver, type Receiver } from './support/receiver.js';
import { startService, type TestService } from './support/service.js';

const TITLE = 'A title that nobody else has';
const SECRET_MODEL = 'Takeover in March';
/** Of a task that was dispatched by one wave and reviewed by another. */
const ENDED = [
  /^wavekeeper_wave_duration_count\{outcome="committed"\} [2-9]/m,
  /outcome="delivered"/,
  /model="other"/,
];

describe('what is measured', () => {
  let database: TestDatabase;
  let telemetry: Telemetry;
  let service: TestService;
  let receiver: Receiver;
  let scraped = '';

  beforeAll(async () => {
    database = await createTestDatabase();
    telemetry = await startTelemetry({
      metrics: true,
      collector: false,
      listenAt: null,
      logger: silentLogger,
    });
    service = await startService(database, { queue: 'none', answerScrape: telemetry.answerScrape });
    receiver = await startReceiver();
    await post('/v1/webhook-endpoints', { url: receiver.url }).expect(201);
    await post('/v1/missions', { title: TITLE, policy: { model: SECRET_MODEL } }).then(({ body }) =>
      post(`/v1/missions/${String(body.id)}/tasks`, { title: TITLE }).expect(201),
    );
    await post('/v1/tasks', { title: TITLE, metadata: { outcome: 'Done.' } }).expect(201);
    await eventually('the task is completed, and people hear of it', async () => {
      scraped = await scrape();
      return ENDED.every((line) => line.test(scraped));
    });
  });
  afterAll(async () => {
    await service.stop();
    await receiver.close();
    await telemetry.stop();
    await database.drop();
  });

  const post = (path: string, body: object) =>
    request(service.url).post(path).set('Authorization', `Bearer ${service.apiKey}`).send(body);
  const scrape = async (): Promise<string> => (await request(service.url).get('/metrics').expect(200)).text;

  it('is all there after one task, under the names of the reference page', () => {
    const names = [HISTOGRAMS, COUNTERS, GAUGES].flatMap((table) => Object.keys(table));
    const missing = names.filter((name) => !scraped.includes(`# HELP ${name.replaceAll('.', '_')}`));
    expect(missing).toEqual([]);
  });

  it('shows that no request was over its budget, before there could have been one', () => {
    expect(scraped).toMatch(/^wavekeeper_context_budget_overruns_total 0$/m);
    expect(scraped).toMatch(/^wavekeeper_wave_context_share_bucket\{le="1"\} [1-9]/m);
  });

  it('knows requests by their routes and never by what a client wrote', async () => {
    await request(service.url).get(`/v1/tasks/${TITLE.replaceAll(' ', '-')}`);
    const text = await scrape();
    expect(text).toContain('http_route="/v1/tasks/:id"');
    expect(text).not.toContain(TITLE.replaceAll(' ', '-'));
  });

  it('counts as no success what a client broke off before its answer', async () => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    const head = ['POST /v1/missions HTTP/1.1', 'Host: x', 'Content-Length: 100', 'Expect: 100-continue'];
    socket.write([...head, `Authorization: Bearer ${service.apiKey}`, '', ''].join('\r\n'));
    await once(socket, 'data'); // the service waits for the body
    socket.destroy();
    await eventually('it is measured', async () =>
      /request_duration_count\{[^}]*http_response_status_code="499"/.test(await scrape()),
    );
  });

  it('names no tenant and carries no text of one', () => {
    for (const known of [
      service.tenantId,
      service.apiKey,
      TITLE,
      SECRET_MODEL,
      'Done.',
      receiver.url,
      process.cwd(),
    ])
      expect(scraped).not.toContain(known);
  });
});

describe('a service that measures nothing', () => {
  it('says how measuring is turned on', async () => {
    const database = await createTestDatabase();
    const service = await startService(database, { queue: 'none' });
    const { status, body } = await request(service.url).get('/metrics');
    await service.stop();
    await database.drop();
    expect([status, body.detail]).toEqual([404, expect.stringContaining('WAVEKEEPER_METRICS=on')]);
  });
});

describe('a process without an API', () => {
  it('answers who scrapes it at its own port', async () => {
    const port = await findFreePort('127.0.0.1');
    const telemetry = await startTelemetry({
      metrics: true,
      collector: false,
      listenAt: { host: '127.0.0.1', port },
      logger: silentLogger,
    });
    const { status } = await request(`http://127.0.0.1:${port}`).get('/metrics');
    await telemetry.stop();
    expect(status).toBe(200);
  });

  it('goes on without that where the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const telemetry = await startTelemetry({
      metrics: true,
      collector: false,
      listenAt: { host: '127.0.0.1', port: (taken.address() as AddressInfo).port },
      logger: silentLogger,
    });
    await telemetry.stop();
    taken.close();
  });
});

describe('a collector', () => {
  let collector: Server;
  const received: string[] = [];
  const before = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;

  beforeAll(async () => {
    collector = createServer((incoming, response) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => {
        received.push(`${incoming.url ?? ''} ${Buffer.concat(parts).toString('latin1')}`);
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    collector.close();
    if (before === undefined) delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
    else process.env.OTEL_EXPORTER_OTLP_ENDPOINT = before;
  });

  it('gets waves and, below them, model requests as spans, and the measurements, without a word of a tenant', async () => {
    const database = await createTestDatabase();
    const telemetry = await startTelemetry({
      metrics: false,
      collector: true,
      listenAt: null,
      logger: silentLogger,
    });
    const service = await startService(database, { queue: 'none' });
    const as = { Authorization: `Bearer ${service.apiKey}` };
    const task = { title: TITLE, metadata: { outcome: 'Done.' } };
    const { body } = await request(service.url).post('/v1/tasks').set(as).send(task);
    await eventually('the task is completed', async () => {
      const read = await request(service.url)
        .get(`/v1/tasks/${String(body.id)}`)
        .set(as);
      return read.body.state === 'completed';
    });
    await service.stop();
    await telemetry.stop();
    await database.drop();
    const sent = received.join('\n');
    expect(sent).toMatch(/^\/v1\/traces /m);
    expect(sent).toMatch(/^\/v1\/metrics /m);
    expect(sent).toContain('conduct wave');
    expect(sent).toContain('gen_ai.request.model');
    for (const known of [service.tenantId, service.apiKey, TITLE, process.cwd()])
      expect(sent).not.toContain(known);
  });
});
