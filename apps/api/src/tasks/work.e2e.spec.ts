import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { decodeId, newUuid, taskSchema, missionSchema, eventSchema, attemptSchema } from '#contracts';
import { anApi, REFUSED_URL } from '../../test-support/api.js';
import { createTestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/eventually.js';
import { aTenant } from '../../test-support/a-tenant.js';

const { transactions, drop } = await createTestDatabase();
let app: INestApplication<Server>;

beforeAll(async () => {
  app = await anApi(transactions);
});
afterAll(async () => {
  await app.close();
  await drop();
});

interface Person {
  readonly tenantId: string;
  readonly missionId: string;
  get(path: string): request.Test;
  post(path: string, body?: string | object): request.Test;
  patch(path: string, body: object): request.Test;
  delete(path: string): request.Test;
}

/** A tenant with one mission, and its key in every request. */
async function aPerson(): Promise<Person> {
  const { tenantId, apiKey } = await aTenant(transactions);
  const send = (made: request.Test) => made.set('Authorization', `Bearer ${apiKey}`);
  const api = () => request(app.getHttpServer());
  const created = await send(api().post('/v1/missions')).send({
    title: 'Ship it',
    directives: ['never on Fridays'],
    budget: { limit_usd: '12.50' },
  });
  return {
    tenantId,
    missionId: String(created.body.id),
    get: (path) => send(api().get(path)),
    post: (path, body = {}) => send(api().post(path)).set('Content-Type', 'application/json').send(body),
    patch: (path, body) => send(api().patch(path)).send(body),
    delete: (path) => send(api().delete(path)),
  };
}

/** Offers an attempt at a task, as a wave's dispatch does. */
async function offer(person: Person, taskId: string): Promise<void> {
  const task = decodeId('task', taskId) ?? '';
  const mission = decodeId('mission', person.missionId) ?? '';
  const { tenantId } = person;
  await transactions.inTransaction(tenantId, async (tx) => {
    const attemptId = newUuid();
    await tx.db.attempt.create({
      data: {
        tenantId,
        id: attemptId,
        missionId: mission,
        taskId: task,
        refNumber: 1,
        number: 1,
        generation: 1,
        state: 'offered',
        pool: 'build',
        priority: 2,
        availableAt: tx.now,
      },
    });
    await tx.db.task.update({
      where: { tenantId_id: { tenantId, id: task } },
      data: { liveAttemptId: attemptId },
    });
    await tx.db.mission.update({
      where: { tenantId_id: { tenantId, id: mission } },
      data: { attemptsInFlight: 1, lastAttemptNumber: 1, tasksReady: 0 },
    });
  });
}

async function aClaim(person: Person): Promise<{ attemptId: string; taskId: string; leaseToken: string }> {
  const task = await person.post(`/v1/missions/${person.missionId}/tasks`, {
    title: 'build',
    worker: 'build',
  });
  await offer(person, String(task.body.id));
  const claimed = await person.post('/v1/claims', { pool: 'build', worker: 'ci-1' });
  const [claim] = claimed.body.data;
  return { attemptId: claim.attempt.id, taskId: String(task.body.id), leaseToken: claim.lease_token };
}

describe('a mission', () => {
  it('reads back whole, in the shape of its schema', async () => {
    const person = await aPerson();
    const { body } = await person.get(`/v1/missions/${person.missionId}`);
    expect(missionSchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      state: 'active',
      holds: [],
      budget: { limit_usd: '12.5', daily_usd: null, spent_usd: '0', reserved_usd: '0' },
      conductor: { epoch: 0, wave_id: null },
    });
  });

  it('is paused, resumed, canceled and archived, and refuses what its state does not allow', async () => {
    const person = await aPerson();
    const control = (action: string) => person.post(`/v1/missions/${person.missionId}/${action}`);
    expect((await control('pause')).body.state).toBe('paused');
    expect((await control('resume')).body.state).toBe('active');
    expect((await control('cancel')).body.state).toBe('canceled');
    expect((await control('resume')).status).toBe(409);
    expect((await control('archive')).body.state).toBe('archived');
  });

  it('shows its conductor’s gauge in integers before any wave', async () => {
    const person = await aPerson();
    const { body } = await person.get(`/v1/missions/${person.missionId}/conductor`);
    expect(body).toEqual({
      wave: null,
      context: { tokens: 0, budget: 24_000, ceiling: 195_904, level: 'ok' },
      spill: 0,
      next_wave_at: null,
    });
  });

  it('lists its directives and takes more, each once', async () => {
    const person = await aPerson();
    const path = `/v1/missions/${person.missionId}/directives`;
    const added = await person.post(path, { text: 'write tests first' });
    expect([added.status, added.body.ref, added.body.state]).toEqual([201, 'D2', 'accepted']);
    const listed = await person.get(path);
    expect(listed.body.data.map(({ text }: { text: string }) => text)).toEqual([
      'never on Fridays',
      'write tests first',
    ]);
    const retired = await person.post(`/v1/directives/${String(added.body.id)}/retire`);
    expect(retired.body.state).toBe('retired');
  });

  it('takes messages into its inbox, trusted from a key that may change missions', async () => {
    const person = await aPerson();
    const path = `/v1/missions/${person.missionId}/messages`;
    const sent = await person.post(path, { text: 'hurry' });
    expect(sent.status).toBe(202);
    expect(sent.body).toMatchObject({ text: 'hurry', trusted: true, seen_by_wave: null, decisions: [] });
    expect((await person.get(path)).body.data).toEqual([sent.body]);
    expect((await person.get(`/v1/missions/${person.missionId}/conductor`)).body.spill).toBe(1);
  });

  it('takes what is not its sender’s word as such, and from other keys nothing as a person’s word', async () => {
    const person = await aPerson();
    const path = `/v1/missions/${person.missionId}/messages`;
    const { body: key } = await person.post('/v1/api-keys', { name: 'bot', scopes: ['messages:write'] });
    const asBot = (body: object) =>
      request(app.getHttpServer())
        .post(path)
        .set('Authorization', `Bearer ${String(key.api_key)}`)
        .send(body);
    const told = [
      await person.post(path, { text: 'hurry', trusted: true }),
      await person.post(path, { text: 'an agent says so', trusted: false }),
      await asBot({ text: 'so does a bot' }),
      await asBot({ text: 'again', trusted: false }),
    ];
    expect(told.map(({ status, body }) => [status, body.trusted])).toEqual([
      [202, true],
      [202, false],
      [202, false],
      [202, false],
    ]);
    const { status, body } = await asBot({ text: 'I am a person', trusted: true });
    expect([status, body.code]).toEqual([403, 'insufficient_scope']);
    expect((await person.get(path)).body.data).toHaveLength(told.length);
  });

  it('numbers its events without gaps, and a reader goes on after any of them', async () => {
    const person = await aPerson();
    for (const title of ['a', 'b', 'c'])
      await person.post(`/v1/missions/${person.missionId}/tasks`, { title });
    const path = `/v1/missions/${person.missionId}/events`;
    const all = await person.get(path);
    const seqs: number[] = all.body.data.map(({ seq }: { seq: number }) => seq);
    expect(seqs).toEqual(seqs.map((_, place) => place + 1));
    for (const event of all.body.data) expect(eventSchema.parse(event)).toEqual(event);
    const rest = await person.get(`${path}?after=2&limit=1`);
    expect(rest.body.data).toEqual([all.body.data[2]]);
    const next = await person.get(`${path}?limit=1&cursor=${String(rest.body.next_cursor)}`);
    expect(next.body.data).toEqual([all.body.data[3]]);
  });
});

describe('submission', () => {
  it('answers one task whole, and a repeated key with the task that has it', async () => {
    const person = await aPerson();
    const path = `/v1/missions/${person.missionId}/tasks`;
    const made = await person.post(path, { title: 'one', key: 'k', metadata: { a: [1] } });
    expect([made.status, made.body.existing]).toEqual([201, false]);
    const read = await person.get(`/v1/tasks/${String(made.body.id)}`);
    expect(taskSchema.parse(read.body)).toEqual(read.body);
    const again = await person.post(path, { title: 'other words', key: 'k' });
    expect([again.body.existing, again.body.id, again.body.title]).toEqual([true, made.body.id, 'one']);
  });

  it('answers a list item by item, in order, and refuses only the bad ones', async () => {
    const person = await aPerson();
    const tasks = [
      { title: 'a', key: 'a' },
      { title: '' },
      { title: 'c', depends_on: ['a'] },
      { title: 'd', callback_url: REFUSED_URL },
      { title: 'e', depends_on: ['nothing'] },
    ];
    const { status, body } = await person.post(`/v1/missions/${person.missionId}/tasks`, { tasks });
    expect(status).toBe(200);
    expect(body.data).toMatchObject([
      { index: 0, ref: 'T1', existing: false },
      { index: 1, problem: { pointer: '/title' } },
      { index: 2, ref: 'T2', existing: false },
      { index: 3, problem: { code: 'invalid_url', pointer: '/callback_url' } },
      { index: 4, problem: { pointer: '/depends_on' } },
    ]);
  });

  it('takes newline-delimited JSON, where a broken line is that line’s problem', async () => {
    const person = await aPerson();
    const sent = person.post(
      `/v1/missions/${person.missionId}/tasks`,
      '{"title":"a"}\n\n{"title"\n{"title":"b"}',
    );
    const { status, body } = await sent.set('Content-Type', 'application/x-ndjson');
    expect(status).toBe(200);
    expect(body.data).toMatchObject([
      { index: 0, ref: 'T1' },
      { index: 1, problem: { code: 'malformed_json' } },
      { index: 2, ref: 'T2' },
    ]);
  });

  it('takes bodies up to each form’s own limit', async () => {
    const person = await aPerson();
    const path = `/v1/missions/${person.missionId}/tasks`;
    const long = { title: 'x', instructions: 'y'.repeat(90_000) };
    expect((await person.post(path, { tasks: [long, long, long, long] })).status).toBe(200);
    expect((await person.post(path, { ...long, metadata: { a: 'z'.repeat(200_000) } })).status).toBe(413);
    const line = person.post(path, JSON.stringify(long)).set('Content-Type', 'application/x-ndjson');
    expect((await line).status).toBe(413);
    expect((await person.post(path, `{"tasks": ["${'y'.repeat(9_000_000)}"]}`)).status).toBe(413);
    expect((await person.post(path, { tasks: [] })).status).toBe(422);
  });

  it('without a mission goes to the default one', async () => {
    const person = await aPerson();
    const made = await person.post('/v1/tasks', { title: 'anywhere' });
    const mission = await person.get(`/v1/missions/${String(made.body.mission_id)}`);
    expect([made.status, mission.body.is_default]).toEqual([201, true]);
  });

  it('makes one endpoint for a callback address, however often it is named', async () => {
    const person = await aPerson();
    const tasks = ['a', 'b'].map((title) => ({ title, callback_url: 'https://a.example/hook' }));
    await person.post(`/v1/missions/${person.missionId}/tasks`, { tasks });
    await person.post(`/v1/missions/${person.missionId}/tasks`, tasks[0]);
    const { body } = await person.get('/v1/webhook-endpoints');
    expect(body.data).toMatchObject([{ url: 'https://a.example/hook', mission_id: person.missionId }]);
  });
});

describe('tasks', () => {
  it('are found by title words, id, ref and key, and by nothing else', async () => {
    const person = await aPerson();
    const path = `/v1/missions/${person.missionId}/tasks`;
    const made = await person.post(path, { title: 'Polish the brass lamp', key: 'lamp-7' });
    await person.post(path, { title: 'Something else' });
    const found = async (q: string) => {
      const { body } = await person.get('/v1/tasks').query({ q });
      return body.data.map(({ ref }: { ref: string }) => ref);
    };
    for (const q of ['brass', 'LAMP polish', 'T1', 't1', 'lamp-7', String(made.body.id)])
      expect(await found(q)).toEqual(['T1']);
    expect(await found('brass monkey')).toEqual([]);
    expect((await person.get('/v1/tasks?q=%00')).status).toBe(422);
  });

  it('name the card of how they ended, which outlives a tree that is made again', async () => {
    const person = await aPerson();
    const made = await person.post(`/v1/missions/${person.missionId}/tasks`, { title: 'x' });
    expect(made.body.digest_id).toBeNull();
    const path = `/v1/tasks/${String(made.body.id)}`;
    const { body: canceled } = await person.post(`${path}/cancel`, {});
    expect(canceled.digest_id).toMatch(/^dig_/);
    const rebuilt = await person.post(`/v1/missions/${person.missionId}/digests/rebuild`, {});
    expect([rebuilt.status, rebuilt.body]).toEqual([200, { task_ends: 1, digests: 0 }]);
    expect((await person.get(path)).body.digest_id).toBe(canceled.digest_id);
    await person.post(`${path}/retry`, {});
    expect((await person.get(path)).body.digest_id).toBeNull();
  });

  it('in lists leave out instructions, result and attempts', async () => {
    const person = await aPerson();
    await person.post(`/v1/missions/${person.missionId}/tasks`, { title: 'x', instructions: 'long' });
    const { body } = await person.get(`/v1/tasks?mission_id=${person.missionId}&state=queued`);
    expect(body.data).toHaveLength(1);
    for (const field of ['instructions', 'result', 'attempts'])
      expect(body.data[0]).not.toHaveProperty(field);
  });

  it('change until they start, are canceled, and retried', async () => {
    const person = await aPerson();
    const made = await person.post(`/v1/missions/${person.missionId}/tasks`, { title: 'x' });
    const path = `/v1/tasks/${String(made.body.id)}`;
    expect((await person.patch(path, { priority: 0 })).body.priority).toBe(0);
    expect((await person.post(`${path}/cancel`)).body.state).toBe('canceled');
    const retried = await person.post(`${path}/retry`);
    expect([retried.body.state, retried.body.generation]).toEqual(['queued', 2]);
  });
});

describe('a claimed attempt', () => {
  it('is kept by heartbeats and completed once, however often it is said', async () => {
    const person = await aPerson();
    const { attemptId, taskId, leaseToken } = await aClaim(person);
    const beat = await person.post(`/v1/attempts/${attemptId}/heartbeat`, {
      lease_token: leaseToken,
      progress: 0.5,
    });
    expect(new Date(String(beat.body.lease_expires_at)).getTime()).not.toBeNaN();
    const result = { summary: 'done', output: { ok: true } };
    const complete = () =>
      person.post(`/v1/attempts/${attemptId}/complete`, { lease_token: leaseToken, result });
    const done = await complete();
    expect([done.status, done.body.state]).toEqual([200, 'succeeded']);
    expect(attemptSchema.parse(done.body)).toEqual(done.body);
    expect((await complete()).body).toEqual(done.body);
    const task = await person.get(`/v1/tasks/${taskId}`);
    expect(task.body.attempts).toEqual([done.body]);
  });

  it('refuses a foreign token with 409 lease_lost, as a problem', async () => {
    const person = await aPerson();
    const { attemptId } = await aClaim(person);
    for (const verb of ['heartbeat', 'release', 'fail', 'complete']) {
      const body = {
        lease_token: 'foreign',
        ...(verb === 'fail' ? { error: { message: 'no' } } : {}),
        ...(verb === 'complete' ? { result: { summary: 'x' } } : {}),
      };
      const refused = await person.post(`/v1/attempts/${attemptId}/${verb}`, body);
      expect([refused.status, refused.body.code, refused.type]).toEqual([
        409,
        'lease_lost',
        'application/problem+json',
      ]);
    }
  });

  it('hears of a cancellation at its next heartbeat', async () => {
    const person = await aPerson();
    const { attemptId, taskId, leaseToken } = await aClaim(person);
    await person.post(`/v1/tasks/${taskId}/cancel`);
    const refused = await person.post(`/v1/attempts/${attemptId}/heartbeat`, { lease_token: leaseToken });
    expect([refused.status, refused.body.code]).toEqual([409, 'attempt_canceled']);
  });

  it('keeps a long output as an artifact that is read whole or in part', async () => {
    const person = await aPerson();
    const { attemptId, leaseToken } = await aClaim(person);
    const output = 'abcdefghij'.repeat(1_000);
    const done = await person.post(`/v1/attempts/${attemptId}/complete`, {
      lease_token: leaseToken,
      result: { summary: 'long', output },
    });
    const path = `/v1/artifacts/${String(done.body.result.artifacts[0].id)}`;
    const whole = await person.get(path).buffer(true);
    expect([whole.status, whole.headers['content-length'], whole.text]).toEqual([200, '10000', output]);
    const part = await person.get(path).set('Range', 'bytes=2-4');
    expect([part.status, part.text, part.headers['content-range']]).toEqual([206, 'cde', 'bytes 2-4/10000']);
    expect((await person.get(path).set('Range', 'bytes=10000-')).status).toBe(416);
  });

  it('is what a waiting claim gets when it is offered', async () => {
    const person = await aPerson();
    const task = await person.post(`/v1/missions/${person.missionId}/tasks`, { title: 'x', worker: 'build' });
    const waiting = person.post('/v1/claims', { pool: 'build', wait_seconds: 20 }).then((answer) => answer);
    await offer(person, String(task.body.id));
    const { body } = await waiting;
    expect(body.data).toHaveLength(1);
    expect(body.data[0]).toMatchObject({
      attempt: { state: 'leased', worker: 'worker' },
      task: { id: task.body.id },
    });
  });

  it('is nothing for a key that is revoked while it waits', async () => {
    const person = await aPerson();
    const key = await person.post('/v1/api-keys', { name: 'w', scopes: ['workers:claim'] });
    const waiting = request(app.getHttpServer())
      .post('/v1/claims')
      .set({ Authorization: `Bearer ${String(key.body.api_key)}` })
      .send({ pool: 'build', wait_seconds: 30 })
      .then((answer) => answer);
    await eventually('the key was let in', async () => {
      const { body } = await person.get('/v1/api-keys');
      return body.data.some(
        (one: { id: string; last_used_at: string | null }) =>
          one.id === key.body.id && one.last_used_at !== null,
      );
    });
    await person.delete(`/v1/api-keys/${String(key.body.id)}`);
    expect((await waiting).status).toBe(401);
  });

  it('is claimed once by an Idempotency-Key', async () => {
    const person = await aPerson();
    const task = await person.post(`/v1/missions/${person.missionId}/tasks`, { title: 'x', worker: 'build' });
    await offer(person, String(task.body.id));
    const claim = () => person.post('/v1/claims', { pool: 'build' }).set('Idempotency-Key', 'c');
    const first = await claim();
    expect(first.body.data).toHaveLength(1);
    expect((await claim()).body).toEqual(first.body);
  });
});

describe('a webhook endpoint', () => {
  const url = 'https://b.example/hook';

  it('shows its secret when it is made or rotated, and never else', async () => {
    const person = await aPerson();
    const made = await person.post('/v1/webhook-endpoints', { url, event_types: ['task.*'] });
    expect([made.status, made.body.state]).toEqual([201, 'enabled']);
    expect(made.body.secret).toMatch(/^whsec_/);
    const path = `/v1/webhook-endpoints/${String(made.body.id)}`;
    expect((await person.get(path)).body).not.toHaveProperty('secret');
    const rotated = await person.post(`${path}/rotate-secret`);
    expect(rotated.body.secret).toMatch(/^whsec_/);
    expect(rotated.body.secret).not.toBe(made.body.secret);
    expect((await person.patch(path, { state: 'disabled' })).body.state).toBe('disabled');
    expect((await person.patch(path, { url: REFUSED_URL })).status).toBe(422);
  });

  it('gets a test event, seen among the deliveries', async () => {
    const person = await aPerson();
    const made = await person.post('/v1/webhook-endpoints', { url });
    const tested = await person.post(`/v1/webhook-endpoints/${String(made.body.id)}/test`);
    expect(tested.status).toBe(202);
    const { body } = await person.get(
      `/v1/webhook-deliveries?endpoint_id=${String(made.body.id)}&state=pending`,
    );
    expect(body.data).toMatchObject([
      { event_id: tested.body.event_id, event_type: 'endpoint.test', state: 'pending', tries: [] },
    ]);
  });

  it('is one of at most twenty', async () => {
    const person = await aPerson();
    for (let count = 0; count < 20; count += 1) await person.post('/v1/webhook-endpoints', { url });
    const refused = await person.post('/v1/webhook-endpoints', { url });
    expect([refused.status, refused.body.code]).toEqual([409, 'endpoints_max_reached']);
  });
});
