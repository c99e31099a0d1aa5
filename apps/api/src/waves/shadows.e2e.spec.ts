import type { Server } from 'node:http';
import { jest } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { encodeId, newUuid, SCOPES, shadowSchema, type Scope } from '#contracts';
import { createApiKey, revokeApiKey } from '#tenancy';
import { controlMission, holdMission, inMission } from '#ledger';
import { ModelFailure } from '#model';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/eventually.js';
import { expectInvariants } from '../../../../test/support/invariants.js';
import { A_KEY, aMission, type TestMission } from '../../../../test/support/mission.js';
import { startRelay, type Relay } from '../../../../test/support/relay.js';
import { anApi } from '../../test-support/api.js';
import { CommandRunner } from '../edge/run-command.js';
import { Shadows } from './shadows.js';

const OTHER_MODEL = 'claude-opus-5-5';
const CURIOUS_MODEL = 'claude-haiku-5-5';

let database: TestDatabase;
let relay: Relay;
let app: INestApplication<Server>;
beforeAll(async () => {
  database = await createTestDatabase();
  relay = await startRelay(database.transactions, {
    conductors: { [OTHER_MODEL]: 'never_progress', [CURIOUS_MODEL]: 'curious' },
  });
  app = await anApi(database.transactions, relay.gateway);
  await new Promise<void>((resolve) => app.getHttpServer().listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await app.close();
  await relay.close();
  await expectInvariants(database);
  await database.drop();
});

/** A mission whose first wave has dispatched a task, and a key of its tenant. */
async function aWave(input: Parameters<typeof aMission>[1] = {}) {
  const mission = await aMission(database, input);
  await mission.submit('Dig');
  await relay.handlers.wave();
  const [wave] = await mission.waves();
  return { mission, waveId: encodeId('wave', String(wave?.id)), ...(await aKey(mission)) };
}

async function aKey(
  { tenantId }: TestMission,
  { scopes = SCOPES, missionId = null }: { scopes?: readonly Scope[]; missionId?: string | null } = {},
): Promise<{ apiKey: string; keyId: string }> {
  const { apiKey, row } = await database.transactions.inTransaction(tenantId, (tx) =>
    createApiKey(tx, { name: 'k', scopes, missionId, expiresAt: null, environment: 'local' }),
  );
  return { apiKey, keyId: row.id };
}

function shadow(
  { waveId, apiKey }: { readonly waveId: string; readonly apiKey: string },
  body: object = { model: OTHER_MODEL },
  idempotencyKey = newUuid(),
) {
  return request(app.getHttpServer())
    .post(`/v1/waves/${waveId}/shadow`)
    .set({ Authorization: `Bearer ${apiKey}`, 'Idempotency-Key': idempotencyKey })
    .send(body);
}

/** The same by a caller who can leave. */
function shadowByFetch(
  { waveId, apiKey }: { readonly waveId: string; readonly apiKey: string },
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<unknown> {
  const { port } = app.getHttpServer().address() as { port: number };
  return fetch(`http://127.0.0.1:${port}/v1/waves/${waveId}/shadow`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${apiKey}`,
      'Idempotency-Key': idempotencyKey,
      'Content-Type': 'application/json',
    },
    body: '{}',
    signal,
  });
}

const requestsOf = (mission: TestMission) =>
  mission.query(`SELECT id FROM model_call WHERE tenant_id = $1 AND mission_id = $2 AND role = 'shadow'`);

describe('POST /v1/waves/{id}/shadow', () => {
  it('answers with what another model decides, beside what the wave did, and what it cost', async () => {
    const of = await aWave();
    const { status, body } = await shadow(of);
    expect(status).toBe(200);
    expect(shadowSchema.parse(body)).toMatchObject({
      wave_id: of.waveId,
      model: OTHER_MODEL,
      stop_reason: 'handoff',
      requests: 1,
      reads: 0,
      decisions: { only_original: [{ tool: 'task_dispatch', subject: 'T1' }], only_shadow: [] },
    });
    const usage = await request(app.getHttpServer())
      .get('/v1/usage?group_by=role')
      .set({ Authorization: `Bearer ${of.apiKey}` });
    const role = usage.body.data.find(({ key }: { key: string }) => key === 'shadow');
    expect(role).toMatchObject({ requests: 1, cost_usd: body.usage.cost_usd });
  });

  it('is paid once for one Idempotency-Key, whether the second request comes meanwhile or afterwards', async () => {
    const of = await aWave();
    const key = newUuid();
    const [first, meanwhile] = await Promise.all([shadow(of, {}, key), shadow(of, {}, key)]);
    const afterwards = await shadow(of, {}, key);
    expect([first.body, meanwhile.body, afterwards.body]).toEqual(Array(3).fill(first.body));
    const replayed = [first, meanwhile, afterwards].map(
      ({ headers }) => headers['idempotent-replayed'] === 'true',
    );
    expect(replayed.filter(Boolean)).toHaveLength(2);
    expect(await requestsOf(of.mission)).toHaveLength(1);
  });

  it('that fails is paid once for one Idempotency-Key, though four more have asked with it and are gone', async () => {
    const of = await aWave();
    const key = newUuid();
    const gone = new AbortController();
    const asked = jest.spyOn(app.get(CommandRunner), 'runApart');
    relay.onNextAnswer(async () => {
      await eventually('all five have asked', () => Promise.resolve(asked.mock.calls.length === 5));
      const { status, body } = await shadow(of, { model: OTHER_MODEL }, key);
      expect([status, body.code]).toEqual([422, 'idempotency_key_reused']);
      gone.abort();
      throw new ModelFailure('unknown_stop', 'the answer ended with nothing');
    });
    const callers = await Promise.allSettled(
      Array.from({ length: 5 }, () => shadowByFetch(of, key, gone.signal)),
    );
    expect(callers.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    const runs = await Promise.allSettled(asked.mock.results.map(({ value }) => value as Promise<unknown>));
    asked.mockRestore();
    expect(runs.map(({ status }) => status)).toEqual(Array(6).fill('rejected'));
    expect(await requestsOf(of.mission)).toHaveLength(1);
    const { status } = await shadow(of, {}, key);
    expect([status, (await requestsOf(of.mission)).length]).toEqual([200, 2]);
  });

  it('goes on without its caller, who is given the answer when they come back with their key', async () => {
    const of = await aWave();
    const key = newUuid();
    const gone = new AbortController();
    relay.onNextAnswer(() => Promise.resolve(gone.abort()));
    const left = shadowByFetch(of, key, gone.signal);
    await expect(left).rejects.toThrow('aborted');
    const { status, body } = await shadow(of, {}, key);
    expect([status, body.decisions.same.length]).toEqual([200, 2]);
    expect(await requestsOf(of.mission)).toHaveLength(1);
  });

  it.each<[string, (of: Awaited<ReturnType<typeof aWave>>) => Promise<unknown>]>([
    [
      'its mission is canceled',
      ({ mission }) => mission.run((tx) => controlMission(tx, mission.id, 'cancel', A_KEY)),
    ],
    [
      'its mission is archived',
      ({ mission }) => mission.run((tx) => controlMission(tx, mission.id, 'archive', A_KEY)),
    ],
    [
      'the provider refuses its mission',
      ({ mission }) =>
        mission.run((tx) =>
          inMission(tx, mission.id, (ledger) => holdMission(ledger, 'provider', 'no credit')),
        ),
    ],
    ['its key is revoked', ({ mission, keyId }) => mission.run((tx) => revokeApiKey(tx, keyId))],
  ])('asks nothing more once %s, with an Idempotency-Key too', async (_, happening) => {
    const of = await aWave();
    relay.onNextAnswer(() => happening(of));
    const { status, body } = await shadow(of, { model: CURIOUS_MODEL });
    expect([status, body.stop_reason, body.requests]).toEqual([200, 'paused', 1]);
    expect(await requestsOf(of.mission)).toHaveLength(1);
  });

  it('ends with its process, and leaves no reservation', async () => {
    const of = await aWave();
    const ending: INestApplication<Server> = await anApi(database.transactions, relay.gateway);
    relay.onNextAnswer(() => Promise.resolve(ending.get(Shadows).onModuleDestroy()));
    const { status, body } = await request(ending.getHttpServer())
      .post(`/v1/waves/${of.waveId}/shadow`)
      .set({ Authorization: `Bearer ${of.apiKey}` })
      .send({ model: CURIOUS_MODEL });
    await ending.close();
    expect([status, body.code]).toEqual([503, 'model_unavailable']);
    expect(await of.mission.row()).toMatchObject({ reserved_usd: '0.000000000', holds: [] });
  });

  it('is refused where the budget has no room for it, with what to do', async () => {
    const { status, body } = await shadow(await aWave({ budget: { limit_usd: '0.3' } }));
    expect([status, body.code]).toEqual([409, 'budget_leaves_no_room']);
    expect(body.detail).toContain('raise the limit');
  });

  it('says what is wrong with a policy, and with a wave that has kept nothing', async () => {
    const of = await aWave();
    const small = await shadow(of, { policy: { context_budget_tokens: 7_999 } });
    expect([small.status, small.body.errors[0].pointer]).toEqual([422, '/policy/context_budget_tokens']);
    const large = await shadow(of, { policy: { context_budget_tokens: 250_000 } });
    expect([large.status, large.body.code]).toEqual([422, 'context_budget_too_large']);
    const none = await shadow(of, { policy: { approval: 'none' } });
    expect([none.status, none.body.code]).toEqual([422, 'validation_failed']);
    await of.mission.say('Go on.');
    const { waveId } = await of.mission.mustOpenWave();
    const running = await shadow({ ...of, waveId: encodeId('wave', waveId) });
    expect([running.status, running.body.code]).toEqual([409, 'no_stored_request']);
  });

  it('tells a model that there is none from one that does not answer now', async () => {
    const of = await aWave();
    const unknown = await shadow(of, { model: 'no-such-model' });
    expect([unknown.status, unknown.body.code]).toEqual([409, 'model_refuses']);
    const deaf = await anApi(database.transactions);
    const { status, body } = await request(deaf.getHttpServer())
      .post(`/v1/waves/${of.waveId}/shadow`)
      .set({ Authorization: `Bearer ${of.apiKey}` })
      .send({});
    await deaf.close();
    expect([status, body.code, body.retryable]).toEqual([503, 'model_unavailable', true]);
  });

  it('is for keys that may change the mission, and only of its own', async () => {
    const of = await aWave();
    const other = await aMission(database, {}, of.mission.tenantId);
    const stranger = await aMission(database);
    const keys = [
      await aKey(of.mission, { missionId: of.mission.id }),
      await aKey(of.mission, { scopes: ['missions:read', 'tasks:write'] }),
      await aKey(of.mission, { missionId: other.id }),
      await aKey(stranger),
    ];
    const statuses = [];
    for (const { apiKey } of keys) statuses.push((await shadow({ ...of, apiKey })).status);
    expect(statuses).toEqual([200, 403, 404, 404]);
  });
});
