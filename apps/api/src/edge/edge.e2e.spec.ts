import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { SCOPES, encodeId, newUuid, type Scope } from '#contracts';
import { Transactions } from '#database';
import { silentLogger } from '#telemetry';
import { createApiKey, formatApiKey } from '#tenancy';
import { anApi, OPERATOR_KEY, REFUSED_URL } from '../../test-support/api.js';
import { createTestDatabase } from '../../../../test/support/database.js';
import { aTenant } from '../../test-support/a-tenant.js';
import { operations } from '../../test-support/operations.js';

const { transactions, drop } = await createTestDatabase();
let app: INestApplication<Server>;

beforeAll(async () => {
  app = await anApi(transactions);
});
afterAll(async () => {
  await app.close();
  await drop();
});

const api = () => request(app.getHttpServer());
const bearer = (apiKey: string) => ({ Authorization: `Bearer ${apiKey}` });
const aKey = (tenantId: string, scopes: readonly Scope[], missionId: string | null = null) =>
  transactions
    .inTransaction(tenantId, (tx) =>
      createApiKey(tx, { name: 'k', scopes, missionId, expiresAt: null, environment: 'local' }),
    )
    .then(({ apiKey }) => apiKey);

async function aMission(apiKey: string): Promise<string> {
  const created = await api().post('/v1/missions').set(bearer(apiKey)).send({ title: 'a mission' });
  expect(created.status).toBe(201);
  return String(created.body.id);
}

describe('a key that is bound to a mission', () => {
  it('reaches that mission and no other, nor the tenant', async () => {
    const { tenantId, apiKey } = await aTenant(transactions);
    const [mine, other] = [await aMission(apiKey), await aMission(apiKey)];
    const rows = await transactions.inTransaction(tenantId, (tx) => tx.db.mission.findMany());
    const row = rows.find(({ id }) => encodeId('mission', id) === mine);
    const bound = bearer(await aKey(tenantId, SCOPES, row?.id ?? null));
    expect((await api().get(`/v1/missions/${mine}`).set(bound)).status).toBe(200);
    expect((await api().get(`/v1/missions/${other}`).set(bound)).status).toBe(404);
    const listed = await api().get('/v1/missions').set(bound);
    expect(listed.body.data.map(({ id }: { id: string }) => id)).toEqual([mine]);
    expect((await api().get(`/v1/tasks?mission_id=${other}`).set(bound)).body.data).toEqual([]);
    expect((await api().post('/v1/missions').set(bound).send({ title: 'more' })).status).toBe(403);
    expect((await api().post('/v1/api-keys').set(bound).send({ name: 'more' })).status).toBe(403);
    const endpoint = { url: 'https://a.example/', mission_id: other };
    expect((await api().post('/v1/webhook-endpoints').set(bound).send(endpoint)).status).toBe(422);
  });
});

describe('a problem', () => {
  it('is problem+json with the id of its request', async () => {
    const answered = await api().get('/nowhere');
    expect(answered.status).toBe(404);
    expect(answered.type).toBe('application/problem+json');
    expect(answered.headers['x-request-id']).toMatch(/^req_/);
    expect(answered.body.instance).toBe(answered.headers['x-request-id']);
  });

  it('is what a path that does not decode answers', async () => {
    const answered = await api().get('/v1/missions/%ZZ');
    expect([answered.status, answered.body.code]).toEqual([404, 'not_found']);
  });
});

describe('a body', () => {
  const post = async (body: string | object, path = '/v1/missions') => {
    const { apiKey } = await aTenant(transactions);
    return api()
      .post(path)
      .set({ ...bearer(apiKey), 'Content-Type': 'application/json' })
      .send(body);
  };

  it.each(['', '{', 'nonsense', '[1,]', '{"title": "x"} more'])(
    'that is no JSON is a 400: %s',
    async (body) => {
      const answered = await post(body);
      expect([answered.status, answered.body.code]).toEqual([400, 'malformed_json']);
    },
  );

  it('that is no UTF-8 is a 400', async () => {
    const answered = await api()
      .post('/v1/missions')
      .set({ ...bearer((await aTenant(transactions)).apiKey), 'Content-Type': 'application/json' })
      .serialize((bytes: unknown) => bytes as string)
      .send(Buffer.from([0x22, 0xff, 0x22]));
    expect([answered.status, answered.body.code]).toEqual([400, 'malformed_json']);
  });

  it.each(['[]', '"text"', 'null', '{}', '{"title": 7}', '{"title": ""}'])(
    'that does not fit is a 422: %s',
    async (body) => {
      const answered = await post(body);
      expect([answered.status, answered.body.code]).toEqual([422, 'validation_failed']);
      expect(answered.body.errors.length).toBeGreaterThan(0);
    },
  );

  it('is told each mistake by its pointer', async () => {
    const answered = await post({ policy: { debounce_ms: -1 }, nonsense: true });
    const errors = answered.body.errors as { pointer: string; code: string }[];
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/nonsense',
      '/policy/debounce_ms',
      '/title',
    ]);
    expect(errors.find(({ pointer }) => pointer === '/nonsense')?.code).toBe('unknown_field');
  });

  it.each(['{"title": "a\\u0000b"}', '{"title": "\\ud800"}', '{"title": "x", "metadata": {"\\u0000": 1}}'])(
    'with text that cannot be stored is a 422: %s',
    async (body) => {
      const answered = await post(body);
      expect([answered.status, answered.body.code]).toEqual([422, 'invalid_text']);
    },
  );

  it('nested deeper than 32 levels is a 422, however deep', async () => {
    const nested = (levels: number) =>
      `{"title":"x","metadata":{"a":${'['.repeat(levels)}${']'.repeat(levels)}}}`;
    expect((await post(nested(30))).status).toBe(201);
    for (const levels of [31, 5_000, 100_000]) expect((await post(nested(levels))).status).toBe(422);
  });

  it.each([
    ['{"title": "x", "metadata": {"n": 9007199254740993}}', '/metadata/n'],
    ['{"title": "x", "metadata": {"n": 1e400}}', '/metadata/n'],
    ['{"title": "x", "metadata": {"__proto__": {"polluted": true}}}', '/metadata/__proto__'],
    ['{"title": "x", "__proto__": {"polluted": true}}', '/__proto__'],
  ])('that could not be kept as it was sent is a 422: %s', async (body, pointer) => {
    const answered = await post(body);
    expect([answered.status, answered.body.code]).toEqual([422, 'validation_failed']);
    expect(answered.body.errors[0].pointer).toBe(pointer);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('that names a field twice means the last of them, as everywhere in JavaScript', async () => {
    const answered = await post('{"title": "first", "title": "last"}');
    expect([answered.status, answered.body.title]).toEqual([201, 'last']);
  });

  it('comes back as it was sent, whatever its text', async () => {
    const text = 'مرحبا \u202e\u200b 💥 \u0001 <script>{{x}} ${y} %s';
    const metadata = {
      [text]: text,
      number: 0.1,
      whole: Number.MAX_SAFE_INTEGER,
      constructor: { prototype: 1 },
    };
    const answered = await post({ title: text, metadata });
    expect([answered.status, answered.body.title, answered.body.metadata]).toEqual([201, text, metadata]);
  });

  it('over 256 kB is a 413, whether its length is told or not', async () => {
    const answered = await post({ title: 'x', objective: 'y'.repeat(300_000) });
    expect([answered.status, answered.body.code]).toEqual([413, 'body_too_large']);
  });

  it('that is compressed is refused', async () => {
    const { apiKey } = await aTenant(transactions);
    const answered = await api()
      .post('/v1/missions')
      .set({ ...bearer(apiKey), 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' })
      .send('{}');
    expect(answered.status).toBe(415);
  });

  it('with an address that webhooks may not reach is a 422', async () => {
    const answered = await post({ title: 'x', callback_url: REFUSED_URL });
    expect(answered.status).toBe(422);
    expect(answered.body.errors[0].pointer).toBe('/callback_url');
  });
});

describe('an Idempotency-Key', () => {
  it('makes one mission out of 200 requests at once, and all get its answer', async () => {
    const { tenantId, apiKey } = await aTenant(transactions);
    await new Promise<void>((resolve) => app.getHttpServer().listen(0, '127.0.0.1', resolve));
    const answers = await Promise.all(
      Array.from({ length: 200 }, () =>
        api()
          .post('/v1/missions')
          .set({ ...bearer(apiKey), 'Idempotency-Key': 'once' })
          .send({ title: 'one of many' }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const replayed = answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true');
    expect(replayed).toHaveLength(199);
    expect(await transactions.inTransaction(tenantId, (tx) => tx.db.mission.count())).toBe(1);
  });

  it('with another body or path is refused', async () => {
    const { apiKey } = await aTenant(transactions);
    const headers = { ...bearer(apiKey), 'Idempotency-Key': 'k' };
    const first = await api().post('/v1/missions').set(headers).send({ title: 'a', objective: 'b' });
    const sameInOtherOrder = await api()
      .post('/v1/missions')
      .set(headers)
      .send({ objective: 'b', title: 'a' });
    expect(sameInOtherOrder.body).toEqual(first.body);
    const otherBody = await api().post('/v1/missions').set(headers).send({ title: 'c' });
    const otherPath = await api()
      .post(`/v1/missions/${String(first.body.id)}/pause`)
      .set(headers);
    for (const { status, body } of [otherBody, otherPath])
      expect([status, body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('tells a key of one mission nothing that a key of the tenant was answered', async () => {
    const { apiKey } = await aTenant(transactions);
    const missionId = String(
      (await api().post('/v1/missions').set(bearer(apiKey)).send({ title: 'its own' })).body.id,
    );
    const bound = await api()
      .post('/v1/api-keys')
      .set(bearer(apiKey))
      .send({ name: 'bound', scopes: ['webhooks:manage'], mission_id: missionId });
    const create = (key: string) =>
      api()
        .post('/v1/webhook-endpoints')
        .set({ ...bearer(key), 'Idempotency-Key': 'setup' })
        .send({ url: 'https://a.example/hook', event_types: ['*'] });
    expect((await create(apiKey)).status).toBe(201);
    const refused = await create(String(bound.body.api_key));
    expect([refused.status, refused.body.code]).toEqual([422, 'idempotency_key_reused']);
    expect(refused.text).not.toContain('whsec_');
  });

  it('is not used up by a request that failed', async () => {
    const { apiKey } = await aTenant(transactions);
    const headers = { ...bearer(apiKey), 'Idempotency-Key': 'k' };
    expect((await api().post('/v1/missions').set(headers).send({})).status).toBe(422);
    const mission = await api().post('/v1/missions').set(headers).send({ title: 'now it fits' });
    expect(mission.status).toBe(201);
    expect(mission.headers['idempotent-replayed']).toBeUndefined();
  });

  it('of another tenant is another key', async () => {
    const tenants = [await aTenant(transactions), await aTenant(transactions)];
    const made = await Promise.all(
      tenants.map(({ apiKey }) =>
        api()
          .post('/v1/missions')
          .set({ ...bearer(apiKey), 'Idempotency-Key': 'shared' })
          .send({ title: 'mine' }),
      ),
    );
    expect(new Set(made.map(({ body }) => String(body.id))).size).toBe(2);
  });

  it('of more than 255 characters is refused', async () => {
    const { apiKey } = await aTenant(transactions);
    const send = (key: string) =>
      api()
        .post('/v1/missions')
        .set({ ...bearer(apiKey), 'Idempotency-Key': key })
        .send({ title: 'x' });
    expect((await send('k'.repeat(255))).status).toBe(201);
    expect((await send('k'.repeat(256))).status).toBe(422);
  });

  it('older than 72 hours is new again', async () => {
    const { tenantId, apiKey } = await aTenant(transactions);
    const send = () =>
      api()
        .post('/v1/missions')
        .set({ ...bearer(apiKey), 'Idempotency-Key': 'old' })
        .send({ title: 'x' });
    const first = await send();
    const createdAt = new Date(Date.now() - 73 * 60 * 60 * 1_000);
    await transactions.inTransaction(tenantId, (tx) =>
      tx.db.idempotencyKey.updateMany({ data: { createdAt } }),
    );
    const second = await send();
    expect(second.body.id).not.toBe(first.body.id);
  });

  it('never keeps a secret that the database could show', async () => {
    const { tenantId, apiKey } = await aTenant(transactions);
    const headers = { ...bearer(apiKey), 'Idempotency-Key': 'k' };
    const made = await api()
      .post('/v1/api-keys')
      .set(headers)
      .send({ name: 'ci', scopes: ['tasks:read'] });
    const again = await api()
      .post('/v1/api-keys')
      .set(headers)
      .send({ name: 'ci', scopes: ['tasks:read'] });
    expect(again.body).toEqual(made.body);
    const rows = await transactions.inTransaction(tenantId, (tx) => tx.db.idempotencyKey.findMany());
    expect(JSON.stringify(rows)).not.toContain(String(made.body.api_key));
  });

  it('makes one tenant for the operator, with the same first key', async () => {
    const key = newUuid();
    const send = () =>
      api()
        .post('/v1/tenants')
        .set({ ...bearer(OPERATOR_KEY), 'Idempotency-Key': key })
        .send({ name: 'one' });
    const answers = await Promise.all([send(), send(), send()]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0].body.api_key).toMatch(/^wk_local_/);
  });
});

describe('lists', () => {
  it('go on where they stopped and show every mission once', async () => {
    const { apiKey } = await aTenant(transactions);
    const made = [];
    for (let count = 0; count < 5; count += 1) made.push(await aMission(apiKey));
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await api()
        .get('/v1/missions')
        .query({ limit: 2, ...(cursor === '' ? {} : { cursor }) })
        .set(bearer(apiKey));
      seen.push(...page.body.data.map(({ id }: { id: string }) => id));
      cursor = page.body.next_cursor as string | null;
    }
    expect(seen).toEqual(made.reverse());
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'limit=1&limit=2', 'cursor=abc', 'cursor=', 'state=nonsense'])(
    'refuse %s',
    async (query) => {
      const { apiKey } = await aTenant(transactions);
      const answered = await api().get(`/v1/missions?${query}`).set(bearer(apiKey));
      expect([answered.status, answered.body.code]).toEqual([422, 'validation_failed']);
    },
  );
});

describe('methods', () => {
  it('that an address does not take are told from an address that is none', async () => {
    const { apiKey } = await aTenant(transactions);
    const id = await aMission(apiKey);
    const wrong = await api().put(`/v1/missions/${id}`).set(bearer(apiKey)).send({});
    expect([wrong.status, wrong.body.code, wrong.headers.allow]).toEqual([
      405,
      'method_not_allowed',
      'GET, HEAD, PATCH',
    ]);
    expect(wrong.headers['content-type']).toContain('application/problem+json');
    expect((await api().put('/v1/nothing').set(bearer(apiKey))).status).toBe(404);
  });

  it('include HEAD wherever GET is: the same head and no body', async () => {
    const { apiKey } = await aTenant(transactions);
    const id = await aMission(apiKey);
    for (const path of [`/v1/missions/${id}`, `/v1/missions/${id}/events`, '/v1/missions', '/healthz']) {
      const head = await api()
        .head(path)
        .set({ ...bearer(apiKey), Accept: '*/*' });
      expect([head.status, head.text]).toEqual([200, undefined]);
    }
  });

  it('without a key are refused with the scheme to use', async () => {
    const refused = await api().get('/v1/missions');
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer realm="wavekeeper"']);
  });
});

describe('versions', () => {
  it('let a change through only while the mission is as it was read', async () => {
    const { apiKey } = await aTenant(transactions);
    const id = await aMission(apiKey);
    const read = await api().get(`/v1/missions/${id}`).set(bearer(apiKey));
    const tag = String(read.headers.etag);
    const patch = (title: string) =>
      api()
        .patch(`/v1/missions/${id}`)
        .set({ ...bearer(apiKey), 'If-Match': tag })
        .send({ title });
    const changed = await patch('first');
    expect([changed.status, changed.body.title]).toEqual([200, 'first']);
    expect(changed.headers.etag).not.toBe(tag);
    const stale = await patch('second');
    expect([stale.status, stale.body.code]).toEqual([412, 'stale']);
  });

  it('let a mission be changed while it works: its counters are no part of what was read', async () => {
    const { apiKey } = await aTenant(transactions);
    const id = await aMission(apiKey);
    const read = () => api().get(`/v1/missions/${id}`).set(bearer(apiKey));
    const tag = String((await read()).headers.etag);
    await api().post(`/v1/missions/${id}/tasks`).set(bearer(apiKey)).send({ title: 'a task' });
    const later = await read().set('If-None-Match', tag);
    expect([later.status, later.body.counts.queued]).toEqual([200, 1]);
    const changed = await api()
      .patch(`/v1/missions/${id}`)
      .set({ ...bearer(apiKey), 'If-Match': tag })
      .send({ title: 'changed' });
    expect(changed.status).toBe(200);
  });

  it('let a reader skip what it has', async () => {
    const { apiKey } = await aTenant(transactions);
    const id = await aMission(apiKey);
    const read = await api().get(`/v1/missions/${id}`).set(bearer(apiKey));
    const again = await api()
      .get(`/v1/missions/${id}`)
      .set({ ...bearer(apiKey), 'If-None-Match': String(read.headers.etag) });
    expect(again.status).toBe(304);
  });
});

describe('the request limit of a tenant', () => {
  it('refuses the request after the last, and tells when to come back', async () => {
    const { apiKey } = await aTenant(transactions, 3);
    const read = () => api().get('/v1/missions').set(bearer(apiKey));
    for (let count = 0; count < 3; count += 1) expect((await read()).status).toBe(200);
    const refused = await read();
    expect([refused.status, refused.body.code, refused.body.retryable]).toEqual([429, 'rate_limited', true]);
    expect(refused.headers['ratelimit-policy']).toBe('"default";q=3;w=60');
    expect(refused.headers.ratelimit).toMatch(/^"default";r=0;t=\d+$/);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('a service without its database', () => {
  it('answers 503 and when to try again, and is not ready', async () => {
    const away = new Transactions('postgres://nobody:none@127.0.0.1:9/none', silentLogger);
    const lonely = await anApi(away);
    const server = lonely.getHttpServer() as Server;
    const live = await request(server).get('/healthz');
    expect([live.status, live.body.status]).toEqual([200, 'ok']);
    const ready = await request(server).get('/readyz');
    expect([ready.status, ready.body.code]).toEqual([503, 'unavailable']);
    const read = await request(server)
      .get('/v1/missions')
      .set(bearer(formatApiKey('local', new Uint8Array(32).fill(5))));
    expect([read.status, read.headers['retry-after']]).toEqual([503, '2']);
    await lonely.close();
    await away.close();
  });
});

describe('documentation', () => {
  it('is OpenAPI 3.1 with every route, an operationId each, and the webhooks', async () => {
    const { body, status } = await api().get('/openapi.json');
    expect([status, body.openapi]).toEqual([200, '3.1.0']);
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(body.webhooks as object)).toContain('task.completed');
    const references = JSON.stringify(body).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
    for (const [, name] of references) expect(body.components.schemas).toHaveProperty([name ?? '']);
  });

  it('is shown by this server alone', async () => {
    const page = await api().get('/docs');
    expect([page.status, page.type]).toEqual([200, 'text/html']);
    expect(page.text).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    expect((await api().get('/docs/swagger-ui-bundle.js')).status).toBe(200);
  });
});
