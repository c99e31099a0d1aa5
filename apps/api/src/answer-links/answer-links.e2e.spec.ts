import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { decodeId, encodeId, type Scope } from '#contracts';
import { createApiKey, revokeApiKey } from '#tenancy';
import { createTestDatabase } from '../../../../test/support/database.js';
import { expectInvariants } from '../../../../test/support/invariants.js';
import { aMission, type TestMission } from '../../../../test/support/mission.js';
import { toAsk, toHandOff } from '../../../../test/support/writes.js';
import { aTenant } from '../../test-support/a-tenant.js';
import { anApi } from '../../test-support/api.js';

const database = await createTestDatabase();
const { transactions, owner } = database;
let app: INestApplication<Server>;
beforeEach(async () => {
  app = await anApi(transactions); // failed tries are counted by each process
});
afterEach(async () => {
  await app.close();
  await expectInvariants(database);
});
afterAll(() => database.drop());

const api = () => request(app.getHttpServer());
const send = (apiKey: string, path: string, body: object = {}) =>
  api()
    .post(path)
    .set({ Authorization: `Bearer ${apiKey}` })
    .send(body);
const answer = (path: string, fields: object) => api().post(path).type('form').send(fields);

interface Asked {
  readonly mission: TestMission;
  readonly apiKey: string;
  readonly requestId: string;
}

async function asked(prompt = 'Which colour?', fields: Parameters<typeof toAsk>[1] = {}): Promise<Asked> {
  const { tenantId, apiKey } = await aTenant(transactions);
  const mission = await aMission(database, { title: 'Paint the pier' }, tenantId);
  await mission.submit('A');
  await mission.wave(toAsk(prompt, { refs: ['T1'], ...fields }), toHandOff());
  const { id } = await mission.request('Q1');
  return { mission, apiKey, requestId: encodeId('inputRequest', String(id)) };
}

async function aKey(tenantId: string, scopes: readonly Scope[]) {
  return transactions.inTransaction(tenantId, (tx) =>
    createApiKey(tx, { name: 'k', scopes, missionId: null, expiresAt: null, environment: 'local' }),
  );
}

async function aLink({ apiKey, requestId }: Asked, body: object = {}) {
  const made = await send(apiKey, `/v1/input-requests/${requestId}/answer-links`, body);
  expect(made.status).toBe(201);
  return { path: String(made.body.path), expiresAt: String(made.body.expires_at) };
}

async function linksOf({ mission }: Asked): Promise<unknown> {
  const { rows } = await owner.query<{ links: number }>(
    'SELECT count(*)::int AS links FROM answer_link WHERE tenant_id = $1',
    [mission.tenantId],
  );
  return rows[0]?.links;
}

describe('an answer link', () => {
  it('shows its question to whoever has it, signed in or not, and answers nothing by being opened', async () => {
    const question = await asked('Which colour?', { deadline_minutes: 60, default: 'Red' });
    const { path } = await aLink(question);
    expect(path).toMatch(/^\/answer\/wkq_[0-9A-Za-z]{43}$/);
    for (const verb of ['get', 'head', 'get'] as const) {
      const page = await api()[verb](path);
      expect([page.status, page.type]).toEqual([200, 'text/html']);
    }
    const page = await api().get(path);
    for (const text of ['Paint the pier', 'Which colour?', 'One task waits', 'the answer is “Red”'])
      expect(page.text).toContain(text);
    expect(page.text).not.toContain('wkq_');
    expect(await question.mission.request('Q1')).toMatchObject({ state: 'open' });
  });

  it('takes one answer, as a person’s word, and says so in the audit', async () => {
    const question = await asked();
    const [first, second] = [await aLink(question), await aLink(question)];
    const answers = await Promise.all([
      answer(first.path, { value: 'Blue', comment: 'As the\r\nsea.' }),
      answer(first.path, { value: 'Blue', comment: 'As the\r\nsea.' }),
      answer(second.path, { value: 'Blue', comment: 'As the\r\nsea.' }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(await question.mission.request('Q1')).toMatchObject({
      state: 'answered',
      answer_value: 'Blue',
      answer_comment: 'As the\nsea.',
    });
    const { snapshot } = await question.mission.mustOpenWave();
    expect(snapshot.inbox).toMatchObject([{ kind: 'answer', value: 'Blue', source: 'person' }]);
    const audit = await api()
      .get('/v1/audit')
      .set({ Authorization: `Bearer ${question.apiKey}` });
    expect(audit.body.data).toMatchObject([
      { action: 'input_request.answered', actor: { kind: 'person' }, after: { by: 'answer_link' } },
      { action: 'answer_link.created', subject_id: question.requestId },
      { action: 'answer_link.created' },
    ]);
    expect((await api().get(first.path)).status).toBe(410);
  });

  it('lets one choose among the options, and takes nothing else', async () => {
    const question = await asked('Which?', { kind: 'choice', options: ['red', 'blue & <b>bold</b>'] });
    const { path } = await aLink(question);
    const page = await api().get(path);
    expect(page.text).toContain('value="red"');
    expect(page.text).toContain('value="blue &amp; &lt;b&gt;bold&lt;/b&gt;"');
    const refused: object[] = [{ value: 'green' }, { value: '' }, {}, { value: 'r\u0000d' }];
    for (const fields of refused) expect((await answer(path, fields)).status).toBe(422);
    expect((await api().post(path).send({ value: 'red' })).status).toBe(415);
    expect((await answer(path, { value: 'x'.repeat(200_000) })).status).toBe(413);
    expect((await answer(path, { value: 'blue & <b>bold</b>' })).status).toBe(200);
  });

  it('shows what an agent wrote as text, on a page without scripts that sends its form nowhere else', async () => {
    const question = await asked(
      '<script>alert(1)</script>" onload="x" \'\n</h1><form action=//evil.example>',
    );
    const page = await api().get((await aLink(question)).path);
    expect(page.text).not.toMatch(/<script|<form action|onload="/);
    expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&quot;x&quot; &#39;');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect(page.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
  });

  it('is made by keys that may change missions, for questions of their own tenant that are still open', async () => {
    const [question, other] = [await asked(), await asked()];
    const path = `/v1/input-requests/${question.requestId}/answer-links`;
    const { apiKey } = await aKey(question.mission.tenantId, ['missions:read', 'messages:write']);
    expect((await send(apiKey, path)).status).toBe(403);
    expect((await send(other.apiKey, path)).status).toBe(404);
    await question.mission.answer('Q1', 'Blue');
    const late = await send(question.apiKey, path);
    expect([late.status, late.body.code]).toEqual([409, 'input_request_closed']);
  });

  it('lasts three days unless told otherwise, and never longer than its question', async () => {
    const hoursLeft = ({ expiresAt }: { expiresAt: string }) =>
      Math.round((Date.parse(expiresAt) - Date.now()) / 3_600_000);
    const [open, short] = [await asked(), await asked('Which?', { deadline_minutes: 120 })];
    expect(hoursLeft(await aLink(open))).toBe(72);
    expect(hoursLeft(await aLink(open, { expires_in_seconds: 3_600 }))).toBe(1);
    expect(hoursLeft(await aLink(short))).toBe(2);
    const path = `/v1/input-requests/${open.requestId}/answer-links`;
    expect((await send(open.apiKey, path, { expires_in_seconds: 59 })).status).toBe(422);
  });

  it('is worth nothing when it has run out, when its key has ended, or when nobody made it', async () => {
    const [late, revoked] = [await asked(), await asked()];
    const { row, apiKey } = await aKey(revoked.mission.tenantId, ['missions:write']);
    const paths = [(await aLink(late)).path, (await aLink({ ...revoked, apiKey })).path];
    await owner.query('UPDATE answer_link SET expires_at = now() WHERE tenant_id = $1', [
      late.mission.tenantId,
    ]);
    await transactions.inTransaction(revoked.mission.tenantId, (tx) => revokeApiKey(tx, row.id));
    for (const path of [...paths, `/answer/wkq_${'x'.repeat(43)}`, '/answer/wkl_x', '/answer/%00']) {
      const [opened, answered] = [await api().get(path), await answer(path, { value: 'Blue' })];
      expect([opened.status, opened.type, answered.status]).toEqual([404, 'text/html', 404]);
      expect(opened.text).toContain('This link is not valid');
    }
    for (const { mission } of [late, revoked])
      expect(await mission.request('Q1')).toMatchObject({ state: 'open' });
  });

  it('cannot be guessed at for long, which keeps nobody from answering with a good one or from signing in', async () => {
    const question = await asked();
    const { path } = await aLink(question);
    for (let tries = 0; tries < 20; tries += 1)
      expect((await api().get(`/answer/wkq_${tries}`)).status).toBe(404);
    for (const guess of ['/answer/wkq_20', `/answer/wkq_${'x'.repeat(43)}`]) {
      const refused = await api().get(guess);
      expect([refused.status, refused.type]).toEqual([429, 'text/html']);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(800);
    }
    expect((await api().get(path)).status).toBe(200);
    expect((await answer(path, { value: 'Blue' })).status).toBe(200);
    expect((await api().post('/v1/session').send({ api_key: question.apiKey })).status).toBe(201);
  });

  it('spends the requests of its tenant', async () => {
    const question = await asked();
    await owner.query(
      `UPDATE tenant SET limits = jsonb_set(limits, '{requests_per_minute}', '2') WHERE id = $1`,
      [question.mission.tenantId],
    );
    const { path } = await aLink(question);
    expect((await api().get(path)).status).toBe(200);
    expect((await api().get(path)).status).toBe(429);
  });

  it('is one of at most twenty of its question: the oldest ends', async () => {
    const question = await asked();
    const first = await aLink(question);
    await owner.query(
      `INSERT INTO answer_link (tenant_id, id, request_id, api_key_id, token_sha256, expires_at)
       SELECT tenant_id, gen_random_uuid(), request_id, api_key_id, sha256(convert_to(id || '-' || n, 'UTF8')), expires_at
         FROM answer_link, generate_series(1, 18) n WHERE request_id = $1`,
      [decodeId('inputRequest', question.requestId)],
    );
    await aLink(question);
    expect((await api().get(first.path)).status).toBe(200);
    await aLink(question);
    expect((await api().get(first.path)).status).toBe(404);
    await Promise.all(Array.from({ length: 6 }, () => aLink(question)));
    expect(await linksOf(question)).toBe(20);
  });

  it('leaves nothing behind when it has run out: the next one of its tenant removes it', async () => {
    const question = await asked();
    for (let made = 0; made < 3; made += 1) await aLink(question);
    await owner.query('UPDATE answer_link SET expires_at = now() WHERE tenant_id = $1', [
      question.mission.tenantId,
    ]);
    await aLink(question);
    expect(await linksOf(question)).toBe(1);
  });
});
