import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { createTestDatabase } from '../../../../test/support/database.js';
import { expectInvariants } from '../../../../test/support/invariants.js';
import { aTenant } from '../../test-support/a-tenant.js';
import { anApi } from '../../test-support/api.js';

const database = await createTestDatabase();
const { transactions, owner, drop } = database;
const HOOK = 'https://a.example/hook';
let app: INestApplication<Server>;
beforeAll(async () => {
  app = await anApi(transactions);
});
afterAll(async () => {
  await expectInvariants(database);
  await app.close();
  await drop();
});

/** A person with a key of a tenant of their own. */
async function aPerson() {
  const { apiKey, tenantId } = await aTenant(transactions);
  const send = (verb: 'get' | 'post' | 'patch', path: string, body?: object, headers: object = {}) => {
    const sent = request(app.getHttpServer())[verb](path);
    return sent.set({ Authorization: `Bearer ${apiKey}`, ...headers }).send(body);
  };
  const made = async (path: string, body: object) => {
    const answered = await send('post', path, body);
    if (!answered.ok) throw new Error(`${path} answered ${answered.status} ${answered.text}`);
    return answered.body as Record<string, unknown> & { id: string };
  };
  const deliveries = async (query = '') =>
    (await send('get', `/v1/webhook-deliveries${query}`)).body.data as Delivery[];
  return { tenantId, send, made, deliveries };
}

interface Delivery {
  readonly id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly state: string;
  readonly dead_reason: string | null;
  readonly next_try_at: string | null;
}

/** Gives up all that waits, as the sender does at the end of the schedule. */
const giveUpAll = (tenantId: string) =>
  owner.query(
    `UPDATE webhook_delivery SET state = 'dead', dead_reason = 'exhausted', next_try_at = NULL WHERE tenant_id = $1`,
    [tenantId],
  );
const openCircuit = (tenantId: string) =>
  owner.query(
    `UPDATE webhook_endpoint SET failures_in_a_row = 5, failing_since = now(), probe_at = now() + interval '1 minute'
      WHERE tenant_id = $1`,
    [tenantId],
  );
const LONG_AGO = '2020-01-01T00:00:00Z';

describe('a callback_url', () => {
  it('is answered with the secret that signs for it, where it is named first and never again', async () => {
    const { made, send } = await aPerson();
    const mission = await made('/v1/missions', { title: 'm', callback_url: HOOK });
    const callback = mission['callback'] as Record<string, string>;
    expect(callback).toEqual({
      endpoint_id: expect.stringMatching(/^whe_/) as string,
      url: HOOK,
      secret: expect.stringMatching(/^whsec_/) as string,
    });
    expect((await send('get', `/v1/missions/${mission.id}`)).body).not.toHaveProperty('callback');
    const endpoint = (await send('get', `/v1/webhook-endpoints/${callback['endpoint_id']}`)).body;
    expect(endpoint).toMatchObject({ url: HOOK, mission_id: mission.id, is_callback: true });
    expect(endpoint).not.toHaveProperty('secret');

    const again = await made(`/v1/missions/${mission.id}/tasks`, { title: 't', callback_url: HOOK });
    expect(again).not.toHaveProperty('callback');
    const other = await made(`/v1/missions/${mission.id}/tasks`, { title: 't', callback_url: `${HOOK}/2` });
    expect(other['callback']).toMatchObject({ url: `${HOOK}/2` });
  });

  it('of a batch is answered beside its items, each address once', async () => {
    const { made } = await aPerson();
    const urls = [HOOK, HOOK, `${HOOK}/2`, null];
    const tasks = urls.map((callback_url, index) => ({ title: `t${index}`, callback_url }));
    const answer = await made('/v1/tasks', { tasks });
    expect(answer['callbacks']).toMatchObject([{ url: HOOK }, { url: `${HOOK}/2` }]);
    expect(await made('/v1/tasks', { tasks })).not.toHaveProperty('callbacks');
  });

  it('hears of the end of the task that named it, and of no other', async () => {
    const { made, send, deliveries } = await aPerson();
    const named = await made('/v1/tasks', { title: 'a', callback_url: HOOK });
    const other = await made('/v1/tasks', { title: 'b' });
    for (const { id } of [named, other]) await send('post', `/v1/tasks/${id}/cancel`);
    const told = await deliveries();
    expect(told.map(({ event_type }) => event_type)).toEqual(['task.canceled']);
    const { body } = await send('get', `/v1/webhook-deliveries/${String(told[0]?.id)}`);
    expect(JSON.parse(body.request_body)).toMatchObject({ data: { task_id: named.id, state: 'canceled' } });
  });
});

describe('an endpoint', () => {
  it('begins anew when it is enabled or moves: its circuit is closed', async () => {
    const { made, send, tenantId } = await aPerson();
    const { id } = await made('/v1/webhook-endpoints', { url: HOOK });
    const path = `/v1/webhook-endpoints/${id}`;
    for (const patch of [{ state: 'enabled' }, { url: `${HOOK}/new` }]) {
      await openCircuit(tenantId);
      const before = (await send('get', path)).body.health;
      expect(before).toMatchObject({ failures_in_a_row: 5, next_probe_at: expect.any(String) as string });
      const { body } = await send('patch', path, patch);
      expect(body.health).toEqual({ failures_in_a_row: 0, failing_since: null, next_probe_at: null });
    }
  });

  it('says why it is disabled, and keeps saying so when it is disabled once more', async () => {
    const { made, send, tenantId } = await aPerson();
    const { id } = await made('/v1/webhook-endpoints', { url: HOOK });
    const path = `/v1/webhook-endpoints/${id}`;
    const disabled = await send('patch', path, { state: 'disabled' });
    expect(disabled.body).toMatchObject({ state: 'disabled', disabled_reason: 'by_request' });
    await owner.query(`UPDATE webhook_endpoint SET disabled_reason = 'gone' WHERE tenant_id = $1`, [
      tenantId,
    ]);
    expect((await send('patch', path, { state: 'disabled' })).body.disabled_reason).toBe('gone');
    expect((await send('patch', path, { state: 'enabled' })).body.disabled_reason).toBeNull();
  });

  it('can be changed under the tag that was read, however its health moves', async () => {
    const { made, send, tenantId } = await aPerson();
    const { id } = await made('/v1/webhook-endpoints', { url: HOOK });
    const path = `/v1/webhook-endpoints/${id}`;
    const read = await send('get', path);
    await openCircuit(tenantId);
    expect((await send('get', path, undefined, { 'If-None-Match': read.headers['etag'] })).status).toBe(200);
    const tag = { 'If-Match': read.headers['etag'] };
    expect((await send('patch', path, { description: 'ours' }, tag)).status).toBe(200);
    expect((await send('patch', path, { description: 'theirs' }, tag)).status).toBe(412);
  });

  it('is tested with one delivery, also while it is disabled', async () => {
    const { made, send } = await aPerson();
    const { id } = await made('/v1/webhook-endpoints', { url: HOOK });
    await send('patch', `/v1/webhook-endpoints/${id}`, { state: 'disabled' });
    const tested = await send('post', `/v1/webhook-endpoints/${id}/test`, {}, { 'Idempotency-Key': 'k' });
    const again = await send('post', `/v1/webhook-endpoints/${id}/test`, {}, { 'Idempotency-Key': 'k' });
    expect([tested.status, again.body]).toEqual([202, tested.body]);
    const { body } = await send('get', `/v1/webhook-deliveries/${String(tested.body.delivery_id)}`);
    expect(body).toMatchObject({
      event_id: tested.body.event_id,
      event_type: 'endpoint.test',
      state: 'pending',
      next_try_at: expect.any(String) as string,
      tries: [],
    });
  });
});

describe('redeliver', () => {
  it('asks for one try under the same event id, of an ended delivery too, and leaves its state alone', async () => {
    const { made, send, deliveries, tenantId } = await aPerson();
    await made('/v1/webhook-endpoints', { url: HOOK, event_types: ['mission.created'] });
    await made('/v1/missions', { title: 'm' });
    await giveUpAll(tenantId);
    const [before] = await deliveries('?state=dead');
    expect(before).toMatchObject({ dead_reason: 'exhausted', next_try_at: null });
    const path = `/v1/webhook-deliveries/${String(before?.id)}/redeliver`;
    const answers = [await send('post', path), await send('post', path)];
    for (const { status, body } of answers) {
      expect(status).toBe(202);
      expect(body).toMatchObject({ state: 'dead', event_id: before?.event_id });
      expect(body.next_try_at).not.toBeNull();
    }
    const { rows } = await owner.query(
      'SELECT FROM webhook_delivery WHERE tenant_id = $1 AND extra_try_at IS NOT NULL',
      [tenantId],
    );
    expect(rows).toHaveLength(1);
  });

  it('has a bound: what was tried a hundred times is read from the events', async () => {
    const { made, send, deliveries, tenantId } = await aPerson();
    await made('/v1/webhook-endpoints', { url: HOOK, event_types: ['mission.created'] });
    await made('/v1/missions', { title: 'm' });
    await owner.query(
      `INSERT INTO webhook_try (tenant_id, delivery_id, number, at, duration_ms)
       SELECT tenant_id, id, generate_series(1, 100), now(), 1 FROM webhook_delivery WHERE tenant_id = $1`,
      [tenantId],
    );
    await owner.query('UPDATE webhook_delivery SET try_count = 100 WHERE tenant_id = $1', [tenantId]);
    const [delivery] = await deliveries();
    const { status, body } = await send('post', `/v1/webhook-deliveries/${String(delivery?.id)}/redeliver`);
    expect([status, body.code]).toEqual([409, 'tries_max_reached']);
  });
});

describe('recover', () => {
  it('brings back what was given up and what was never sent since then, once each, oldest first', async () => {
    const { made, send, deliveries, tenantId } = await aPerson();
    const hook = { url: HOOK, event_types: ['mission.created'] };
    const { id } = await made('/v1/webhook-endpoints', hook);
    const path = `/v1/webhook-endpoints/${id}`;
    await made('/v1/missions', { title: 'delivered to nobody' });
    await giveUpAll(tenantId);
    await send('patch', path, { state: 'disabled' });
    const missed = await made('/v1/missions', { title: 'missed while it was disabled' });
    expect(await deliveries()).toHaveLength(1);

    const refused = await send('post', `${path}/recover`, { since: LONG_AGO });
    expect([refused.status, refused.body.code]).toEqual([409, 'endpoint_disabled']);
    await send('patch', path, { state: 'enabled' });
    await openCircuit(tenantId);
    const recovered = await send('post', `${path}/recover`, { since: LONG_AGO });
    expect([recovered.status, recovered.body]).toEqual([202, { recovered: 2, has_more: false }]);
    expect((await send('get', path)).body.health.next_probe_at).toBeNull();

    const told = await deliveries('?state=pending');
    expect(new Set(told.map(({ event_id }) => event_id)).size).toBe(2);
    const { body } = await send('get', `/v1/webhook-deliveries/${String(told[0]?.id)}`);
    expect(JSON.parse(body.request_body)).toEqual({
      type: 'mission.created',
      timestamp: expect.any(String) as string,
      data: {
        mission_id: missed.id,
        seq: 1,
        title: 'missed while it was disabled',
        state: 'active',
        url: `/v1/missions/${missed.id}`,
      },
    });
    const again = await send('post', `${path}/recover`, { since: LONG_AGO });
    expect(again.body).toEqual({ recovered: 0, has_more: false });
  });

  it('leaves alone what is older, of another type, of another mission, or a test', async () => {
    const { made, send, tenantId } = await aPerson();
    const [one, other] = [
      await made('/v1/missions', { title: 'one' }),
      await made('/v1/missions', { title: 'other' }),
    ];
    const hook = { url: HOOK, event_types: ['message.received'], mission_id: one.id };
    const { id } = await made('/v1/webhook-endpoints', hook);
    const recover = async (since: string) =>
      (await send('post', `/v1/webhook-endpoints/${id}/recover`, { since })).body.recovered as number;
    await made(`/v1/missions/${other.id}/messages`, { text: 'not for you' });
    await made(`/v1/webhook-endpoints/${id}/test`, {});
    await giveUpAll(tenantId);
    expect(await recover(LONG_AGO)).toBe(0);
    await owner.query('DELETE FROM webhook_delivery WHERE tenant_id = $1', [tenantId]);
    await made(`/v1/missions/${one.id}/messages`, { text: 'for you' });
    await giveUpAll(tenantId);
    expect(await recover('2999-01-01T00:00:00Z')).toBe(0);
    expect(await recover(LONG_AGO)).toBe(1);
  });

  it('finds for a callback_url only the ends of what named it', async () => {
    const { made, send, tenantId } = await aPerson();
    const mission = await made('/v1/missions', { title: 'm', callback_url: HOOK });
    const endpointId = (mission['callback'] as Record<string, string>)['endpoint_id'] ?? '';
    for (const callback_url of [HOOK, null]) {
      const task = await made('/v1/tasks', { title: 't', callback_url });
      await send('post', `/v1/tasks/${task.id}/cancel`);
    }
    await made(`/v1/missions/${mission.id}/pause`, {});
    await made(`/v1/missions/${mission.id}/cancel`, {});
    await owner.query('DELETE FROM webhook_delivery WHERE tenant_id = $1', [tenantId]);
    const { body } = await send('post', `/v1/webhook-endpoints/${endpointId}/recover`, { since: LONG_AGO });
    expect(body.recovered).toBe(1); // the mission's own end; the tasks are of the default mission
    const { rows } = await owner.query('SELECT event_type FROM webhook_delivery WHERE tenant_id = $1', [
      tenantId,
    ]);
    expect(rows).toEqual([{ event_type: 'mission.canceled' }]);
  });

  it('has a bound, and says when it was reached', async () => {
    const { made, send, tenantId } = await aPerson();
    await made('/v1/missions', { title: 'm' });
    await owner.query(
      `INSERT INTO event (tenant_id, id, mission_id, seq, type, actor_kind, body)
       SELECT tenant_id, ('01a0' || substr(gen_random_uuid()::text, 5))::uuid, mission_id, seq + number, 'note.recorded', 'system', '{}'
         FROM event, generate_series(1, 1200) AS number
        WHERE tenant_id = $1 AND type = 'mission.created'`,
      [tenantId],
    );
    await owner.query('UPDATE mission SET last_event_seq = 1201 WHERE tenant_id = $1', [tenantId]);
    const { id } = await made('/v1/webhook-endpoints', { url: HOOK, event_types: ['note.recorded'] });
    const path = `/v1/webhook-endpoints/${id}/recover`;
    expect((await send('post', path, { since: LONG_AGO })).body).toEqual({
      recovered: 1_000,
      has_more: true,
    });
    expect((await send('post', path, { since: LONG_AGO })).body).toEqual({ recovered: 200, has_more: false });
  });
});
