import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { AUDIT_ACTIONS, decodeId, encodeId } from '#contracts';
import { holdMission, inMission } from '#ledger';
import { createTestDatabase } from '../../../../test/support/database.js';
import { aTenant } from '../../test-support/a-tenant.js';
import { anApi, OPERATOR_KEY } from '../../test-support/api.js';

const { transactions, owner, drop } = await createTestDatabase();
let app: INestApplication<Server>;
beforeAll(async () => {
  app = await anApi(transactions);
});
afterAll(async () => {
  await app.close();
  await drop();
});

interface Entry {
  readonly actor: { readonly kind: string; readonly id: string | null };
  readonly action: string;
  readonly subject_id: string | null;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

/** A caller with one key, and what its tenant's audit says. */
function callerWith(apiKey: string) {
  const send = async (verb: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, body?: object) => {
    const sent = request(app.getHttpServer())[verb](path);
    const answered = await sent.set({ Authorization: `Bearer ${apiKey}` }).send(body);
    return answered;
  };
  const made = async (path: string, body?: object) => {
    const answered = await send('post', path, body);
    if (!answered.ok) throw new Error(`${path} answered ${answered.status}`);
    return answered.body as Record<string, unknown> & { id: string };
  };
  const audit = async (): Promise<Entry[]> => (await send('get', '/v1/audit?limit=100')).body.data as Entry[];
  return { send, made, audit };
}

describe('the audit', () => {
  it('has an entry of every act, with who did it', async () => {
    const operator = callerWith(OPERATOR_KEY);
    const tenant = await operator.made('/v1/tenants', { name: 'audited' });
    await operator.send('patch', `/v1/tenants/${tenant.id}`, { name: 'renamed', limits: { weight: 2 } });
    const { made, send, audit } = callerWith(String(tenant['api_key']));

    const key = await made('/v1/api-keys', { name: 'ci', scopes: ['tasks:read'] });
    await made(`/v1/api-keys/${key.id}/reroll`);
    await send('delete', `/v1/api-keys/${key.id}`);
    await send('delete', `/v1/api-keys/${key.id}`); // a second time is no act
    await made('/v1/sign-in-links');
    await signInAndOut(String(tenant['api_key']));
    await send('put', '/v1/model-credentials/anthropic', { api_key: 'sk-ant-planted' });
    await send('delete', '/v1/model-credentials/anthropic');
    await send('put', '/v1/budget', { limit_usd: '100' });
    const endpoint = await made('/v1/webhook-endpoints', { url: 'https://a.example/' });
    await send('patch', `/v1/webhook-endpoints/${endpoint.id}`, { description: 'ours' });
    await made(`/v1/webhook-endpoints/${endpoint.id}/rotate-secret`);
    await made(`/v1/webhook-endpoints/${endpoint.id}/recover`, { since: new Date().toISOString() });
    const tested = await made(`/v1/webhook-endpoints/${endpoint.id}/test`);
    await made(`/v1/webhook-deliveries/${String(tested['delivery_id'])}/redeliver`);
    await send('delete', `/v1/webhook-endpoints/${endpoint.id}`);
    const mission = await made('/v1/missions', { title: 'm' });
    await send('patch', `/v1/missions/${mission.id}`, {
      policy: { debounce_ms: 9 },
      budget: { limit_usd: '5' },
    });
    const directive = await made(`/v1/missions/${mission.id}/directives`, { text: 'Be brief.' });
    await made(`/v1/directives/${directive.id}/retire`);
    for (const action of ['accept', 'reject'])
      await made(`/v1/directives/${await aProposal(mission.id)}/${action}`);
    await made(`/v1/missions/${mission.id}/conductor/rotate`, { reason: 'grown', mode: 'now' });
    const weekly = { cron: '0 9 * * 1', task: { title: 'Sweep' } };
    const schedule = await made(`/v1/missions/${mission.id}/schedules`, weekly);
    await send('patch', `/v1/schedules/${schedule.id}`, { state: 'paused' });
    await send('delete', `/v1/schedules/${schedule.id}`);
    await hold(mission.id);
    const [question] = (await send('get', '/v1/input-requests')).body.data as { id: string }[];
    await made(`/v1/input-requests/${String(question?.id)}/answer-links`);
    await made(`/v1/input-requests/${String(question?.id)}/answer`, { value: 'resume' });
    for (const action of ['pause', 'resume', 'cancel', 'archive'])
      await made(`/v1/missions/${mission.id}/${action}`);

    const entries = await audit();
    expect(entries.map(({ action }) => action).sort()).toEqual([...AUDIT_ACTIONS].sort());
    const byAction = Object.fromEntries(entries.map((entry) => [entry.action, entry]));
    expect(byAction['tenant.updated']).toMatchObject({
      actor: { kind: 'operator', id: null },
      subject_id: tenant.id,
      before: { name: 'audited', limits: { weight: 1 } },
      after: { name: 'renamed', limits: { weight: 2 } },
    });
    expect(byAction['mission.updated']).toMatchObject({
      actor: { kind: 'key', id: expect.stringMatching(/^key_/) },
      subject_id: mission.id,
      before: { policy: { debounce_ms: 250 }, budget: { limit_usd: null } },
      after: { policy: { debounce_ms: 9 }, budget: { limit_usd: '5' } },
    });
    expect(byAction['session.ended']?.actor.kind).toBe('person');
    expect(byAction['mission.canceled']).toMatchObject({
      before: { state: 'active' },
      after: { state: 'canceled' },
    });
    expect(JSON.stringify(entries)).not.toMatch(/wk_\w+_\w{20}|whsec_|wk[slq]_|sk-ant/);
  });

  it('has no entry of what was refused', async () => {
    const { made, send, audit } = callerWith((await aTenant(transactions)).apiKey);
    const mission = await made('/v1/missions', { title: 'm' });
    await made(`/v1/missions/${mission.id}/cancel`);
    expect((await send('post', `/v1/missions/${mission.id}/pause`)).status).toBe(409);
    expect((await send('patch', `/v1/missions/${mission.id}`, { policy: { debounce_ms: -1 } })).status).toBe(
      422,
    );
    expect((await audit()).map(({ action }) => action)).toEqual(['mission.canceled']);
  });

  it('is told to keys with admin alone, page by page, newest first', async () => {
    const { made, send } = callerWith((await aTenant(transactions)).apiKey);
    const reader = await made('/v1/api-keys', { name: 'reader', scopes: ['missions:read'] });
    for (const name of ['two', 'three']) await made('/v1/api-keys', { name, scopes: ['tasks:read'] });
    const refused = await callerWith(String(reader['api_key'])).send('get', '/v1/audit');
    expect(refused.status).toBe(403);
    const names: unknown[] = [];
    for (let cursor = ''; ;) {
      const page = await send('get', `/v1/audit?limit=2${cursor}`);
      names.push(...(page.body.data as Entry[]).map(({ after }) => after?.['name']));
      if (page.body.next_cursor === null) break;
      cursor = `&cursor=${String(page.body.next_cursor)}`;
    }
    expect(names).toEqual(['three', 'two', 'reader']);
  });

  it('cannot be changed or shortened by the service', async () => {
    const { tenantId, apiKey } = await aTenant(transactions);
    await callerWith(apiKey).made('/v1/sign-in-links');
    for (const statement of [
      "UPDATE audit_entry SET action = 'x'",
      'DELETE FROM audit_entry',
      'TRUNCATE audit_entry',
    ]) {
      const tried = transactions.inTransaction(tenantId, ({ db }) => db.$executeRawUnsafe(statement));
      await expect(tried).rejects.toThrow(/permission denied|42501/);
    }
  });
});

async function signInAndOut(apiKey: string): Promise<void> {
  const api = request(app.getHttpServer());
  const signedIn = await api.post('/v1/session').send({ api_key: apiKey });
  const cookie = String(signedIn.headers['set-cookie']?.[0]).split(';')[0] ?? '';
  await request(app.getHttpServer())
    .delete('/v1/session')
    .set({ Cookie: cookie, 'Sec-Fetch-Site': 'same-origin' });
}

/** A directive that a conductor has proposed. */
async function aProposal(missionId: string): Promise<string> {
  const { rows } = await owner.query<{ id: string }>(
    `INSERT INTO directive (tenant_id, id, mission_id, number, text, state, source)
     SELECT tenant_id, gen_random_uuid(), id, (SELECT max(number) + 1 FROM directive WHERE mission_id = $1), 'Proposed.', 'proposed', 'wave'
       FROM mission WHERE id = $1
     RETURNING id`,
    [decodeId('mission', missionId)],
  );
  return encodeId('directive', String(rows[0]?.id));
}

/** Holds a mission, which asks a person about it. */
async function hold(missionId: string): Promise<void> {
  const id = decodeId('mission', missionId) ?? '';
  const { rows } = await owner.query<{ tenant_id: string }>('SELECT tenant_id FROM mission WHERE id = $1', [
    id,
  ]);
  await transactions.inTransaction(String(rows[0]?.tenant_id), (tx) =>
    inMission(tx, id, (ledger) => holdMission(ledger, 'stalled', 'Nothing moves.')),
  );
}
