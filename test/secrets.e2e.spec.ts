import { jest } from '@jest/globals';
import request, { type Response } from 'supertest';
import { createLogger } from '#telemetry';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { startReceiver, type Receiver } from './support/receiver.js';
import { OPERATOR_KEY, startService, type TestService } from './support/service.js';

const MODEL_KEY = `sk-ant-api03-${'planted'.repeat(12)}`;
const WORK = { title: 'Dig', metadata: { outcome: 'Dug.' } };

// Every secret there is, planted in a service that then does all its work, and looked for wherever something is written.
describe('a secret', () => {
  let database: TestDatabase;
  let service: TestService;
  let receiver: Receiver;
  const lines: string[] = [];
  const secrets = new Map<string, string>();
  const prompts: string[] = [];
  const refusals: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
      lines.push(String(line));
      return true;
    });
    service = await startService(database, { queue: 'postgres', logger: createLogger('trace') });
    receiver = await startReceiver();
    await plant();
    await work();
    await misplace();
  });
  afterAll(async () => {
    await service.stop();
    jest.restoreAllMocks();
    await receiver.close();
    await database.drop();
  });

  const send = async (
    verb: 'get' | 'post' | 'put' | 'delete',
    path: string,
    body?: object,
    more: object = {},
  ) => {
    const headers = { Authorization: `Bearer ${service.apiKey}`, ...more };
    return request(service.url)[verb](path).set(headers).send(body);
  };
  const shown = (name: string, answered: Response, field: string): string => {
    const secret: unknown = answered.body[field];
    if (typeof secret !== 'string') throw new Error(`${name} was not shown: ${answered.status}`);
    secrets.set(name, secret);
    return secret;
  };

  async function plant(): Promise<void> {
    secrets.set('operator key', OPERATOR_KEY).set('first key', service.apiKey).set('model key', MODEL_KEY);
    const once = { 'Idempotency-Key': 'once' }; // the answer is kept, with what it shows
    const asOperator = { ...once, Authorization: `Bearer ${OPERATOR_KEY}` };
    shown('key of a new tenant', await send('post', '/v1/tenants', { name: 't' }, asOperator), 'api_key');
    const key = await send('post', '/v1/api-keys', { name: 'k' }, once);
    shown('key', key, 'api_key');
    shown(
      'rerolled key',
      await send('post', `/v1/api-keys/${String(key.body.id)}/reroll`, {}, { 'Idempotency-Key': 'r' }),
      'api_key',
    );
    const wanted = { url: receiver.url, event_types: ['*'], include_result: true };
    const endpoint = await send('post', '/v1/webhook-endpoints', wanted);
    shown('webhook secret', endpoint, 'secret');
    const rotation = `/v1/webhook-endpoints/${String(endpoint.body.id)}/rotate-secret`;
    shown(
      'rotated webhook secret',
      await send('post', rotation, {}, { 'Idempotency-Key': 'twice' }),
      'secret',
    );
    await send('put', '/v1/model-credentials/anthropic', { api_key: MODEL_KEY });
    const path = shown(
      'link',
      await send('post', '/v1/sign-in-links', {}, { 'Idempotency-Key': 'l' }),
      'path',
    );
    secrets.set('link', path.split('#')[1] ?? '');
    await plantAnswerLink();
    const session = await request(service.url).post('/v1/session').send({ api_key: service.apiKey });
    secrets.set('session', /wks_\w+/.exec(String(session.headers['set-cookie']?.[0]))?.[0] ?? '');
  }

  /** Opened, used, and opened again. */
  async function plantAnswerLink(): Promise<void> {
    const { body: mission } = await send('post', '/v1/missions', {
      title: 'asks',
      policy: { approval: 'dispatch' },
    });
    await send('post', `/v1/missions/${String(mission.id)}/tasks`, WORK);
    const asked = await eventually('somebody is asked', async () => {
      const { body } = await send('get', '/v1/input-requests?state=open');
      return (body.data as { id: string }[])[0];
    });
    const made = await send(
      'post',
      `/v1/input-requests/${asked.id}/answer-links`,
      {},
      { 'Idempotency-Key': 'a' },
    );
    const path = shown('answer link', made, 'path');
    secrets.set('answer link', path.split('/').at(-1) ?? '');
    const answer = () => request(service.url).post(path).type('form').send({ value: 'approve' });
    const answers = [await request(service.url).get(path), await answer(), await answer()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 409]);
    refusals.push(...answers.map(({ text }) => text));
  }

  /** A mission from its beginning to its webhook, so that prompts, events and deliveries are made. */
  async function work(): Promise<void> {
    const { body: mission } = await send('post', '/v1/missions', { title: 'm', callback_url: receiver.url });
    await send('post', `/v1/missions/${String(mission.id)}/tasks`, WORK);
    await eventually('the mission is told to be completed', () =>
      Promise.resolve(
        receiver.arrivals.some(
          ({ body }) => body.includes('mission.completed') && body.includes(String(mission.id)),
        ),
      ),
    );
    const { body: waves } = await send('get', `/v1/missions/${String(mission.id)}/waves`);
    for (const { id } of waves.data as { id: string }[])
      prompts.push((await send('get', `/v1/waves/${id}/context`)).text);
  }

  /** Secrets where none belongs, and a database that fails under a request. */
  async function misplace(): Promise<void> {
    for (const secret of secrets.values()) {
      const text = encodeURIComponent(secret);
      for (const path of [
        `/answer/${text}`,
        `/v1/tasks/${text}`,
        `/v1/missions?cursor=${text}`,
        `/v1/missions?state=${text}`,
      ])
        refusals.push((await send('get', path)).text);
      refusals.push((await send('post', '/v1/missions', { title: 7, budget: secret })).text);
      refusals.push((await send('post', '/v1/session', { api_key: secret.slice(0, -1) })).text);
    }
    await database.owner.query(
      'ALTER TABLE mission ADD CONSTRAINT never CHECK (callback_url IS NULL) NOT VALID',
    );
    const failed = { title: 'x', callback_url: `${receiver.url}?token=${service.apiKey}` };
    const answered = await send('post', '/v1/missions', failed);
    expect(answered.status).toBe(500);
    refusals.push(answered.text);
  }

  /** A secret as text, and as Postgres shows bytes. */
  const formsOf = (secret: string): string[] => [
    secret,
    Buffer.from(secret).toString('hex'),
    Buffer.from(secret).toString('base64'),
  ];
  const found = (texts: readonly string[]): string[] =>
    [...secrets]
      .filter(([, secret]) => formsOf(secret).some((form) => texts.some((text) => text.includes(form))))
      .map(([name]) => name);

  it('of each kind was planted', () => {
    expect(secrets.size).toBe(11);
    for (const secret of secrets.values()) expect(secret.length).toBeGreaterThan(20);
    expect(prompts.length).toBeGreaterThan(1);
    expect(lines.some((line) => line.includes('request failed'))).toBe(true);
  });

  it('stands in no row of any table', async () => {
    const { rows: tables } = await database.owner.query<{ name: string }>(`
      SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')`);
    expect(tables.length).toBeGreaterThan(20);
    for (const { name } of tables) {
      const { rows } = await database.owner.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
      expect({ table: name, found: found(rows.map(({ row }) => row)) }).toEqual({ table: name, found: [] });
    }
  });

  it('stands in no line of the log', () => {
    expect(found(lines)).toEqual([]);
    expect(lines.join('')).not.toContain('Failing row contains'); // which Postgres would tell of what was refused
  });

  it('stands in no prompt and no webhook', () => {
    expect(found(prompts)).toEqual([]);
    expect(found(receiver.arrivals.map(({ headers, body }) => JSON.stringify(headers) + body))).toEqual([]);
  });

  it('stands in no refusal', () => {
    expect(found(refusals)).toEqual([]);
  });
});
