import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type ClientRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { artifactSchema, attemptSchema, decodeId, taskSchema } from '#contracts';
import { expireAttempt, inMission, readExpiredAttempts } from '#ledger';
import { createTestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/eventually.js';
import { expectInvariants } from '../../../../test/support/invariants.js';
import { aMission, type TestMission } from '../../../../test/support/mission.js';
import { toAccept, toDispatch } from '../../../../test/support/writes.js';
import { aTenant } from '../../test-support/a-tenant.js';
import { anApi } from '../../test-support/api.js';
import { BodyDeadlines } from '../edge/body-deadlines.js';

const database = await createTestDatabase();
let app: INestApplication<Server>;

beforeAll(async () => {
  app = await anApi(database.transactions);
  // Requests that run side by side need a server that listens already.
  await new Promise<void>((resolve) => app.getHttpServer().listen(0, '127.0.0.1', resolve));
});
afterEach(() => expectInvariants(database));
afterAll(async () => {
  await app.close();
  await database.drop();
});

interface Held {
  readonly attemptId: string;
  readonly taskId: string;
  readonly leaseToken: string;
}

interface Upload {
  readonly sending: ClientRequest;
  /** The status, or that there was none. */
  readonly answer: Promise<string>;
}

/** A mission whose workers come from outside: they know an address and a key, and nothing else. */
class Outside {
  private constructor(
    readonly mission: TestMission,
    private readonly apiKey: string,
  ) {}

  static async withTasks(...titles: readonly string[]): Promise<Outside> {
    const { tenantId, apiKey } = await aTenant(database.transactions);
    const mission = await aMission(database, { policy: { workers: ['build'] } }, tenantId);
    await mission.submit(...titles.map((title) => ({ title, worker: 'build' })));
    await mission.wave(toDispatch(...titles.map((_title, place) => `T${place + 1}`)));
    return new Outside(mission, apiKey);
  }

  post(path: string, body: object = {}) {
    return this.as(request(app.getHttpServer()).post(path)).send(body);
  }

  get(path: string) {
    return this.as(request(app.getHttpServer()).get(path));
  }

  async claim(): Promise<Held> {
    const { body } = await this.post('/v1/claims', { pool: 'build' }).expect(200);
    const [claim] = body.data;
    return { attemptId: claim.attempt.id, taskId: claim.task.id, leaseToken: claim.lease_token };
  }

  /** What a verb answers: the attempt's state, or the code of the refusal. */
  async say(held: Held, verb: string, body: object = {}): Promise<string> {
    const path = `/v1/attempts/${held.attemptId}/${verb}`;
    const answered = await this.post(path, { lease_token: held.leaseToken, ...body });
    return String(answered.body.code ?? answered.body.state ?? answered.status);
  }

  complete(held: Held, summary: string, artifacts: readonly string[] = []): Promise<string> {
    return this.say(held, 'complete', { result: { summary, artifacts } });
  }

  upload(held: Held, bytes: Buffer, query: object = {}) {
    return this.as(request(app.getHttpServer()).post(`/v1/attempts/${held.attemptId}/artifacts`))
      .query({ lease_token: held.leaseToken, name: 'report.bin', ...query })
      .type('application/x-report')
      .send(bytes);
  }

  /** Begins an upload, for the test to go on with. */
  beginUpload(held: Held, headers: Record<string, string> = {}): Upload {
    const { port } = app.getHttpServer().address() as AddressInfo; // it listens on a port
    const query = new URLSearchParams({ lease_token: held.leaseToken, name: 'report.bin' });
    const sending = httpRequest({
      port,
      method: 'POST',
      path: `/v1/attempts/${held.attemptId}/artifacts?${query.toString()}`,
      headers: { authorization: `Bearer ${this.apiKey}`, 'transfer-encoding': 'chunked', ...headers },
    });
    const answer = new Promise<string>((resolve) => {
      sending.on(
        'response',
        (response) => void response.resume().on('end', () => resolve(String(response.statusCode))),
      );
      sending.on('error', () => resolve('cut off'));
    });
    sending.write('x');
    return { sending, answer };
  }

  async task(held: Held) {
    const { body } = await this.get(`/v1/tasks/${held.taskId}`).expect(200);
    return taskSchema.parse(body);
  }

  /** The worker falls silent for longer than its lease, and a sweep sees it. */
  async silence({ attemptId }: Held): Promise<void> {
    await this.mission.query(
      `UPDATE attempt SET lease_until = clock_timestamp() - interval '1 second'
        WHERE tenant_id = $1 AND mission_id = $2 AND id = $3`,
      [decodeId('attempt', attemptId)],
    );
    await this.mission.run((tx) =>
      inMission(tx, this.mission.id, async (ledger) => {
        for (const attempt of await readExpiredAttempts(tx, this.mission.id, 10))
          await expireAttempt(ledger, attempt);
      }),
    );
  }

  /** The outcomes that the ledger has recorded, in order. */
  async outcomes(): Promise<string[]> {
    const ends = [
      'attempt.succeeded',
      'attempt.failed',
      'attempt.expired',
      'attempt.canceled',
      'attempt.late',
    ];
    return (await this.mission.events()).filter((type) => ends.includes(type) || type === 'task.completed');
  }

  private as(made: request.Test): request.Test {
    return made.set('Authorization', `Bearer ${this.apiKey}`);
  }
}

const VERBS = {
  heartbeat: {},
  complete: { result: { summary: 'x' } },
  fail: { error: { message: 'x' } },
  release: {},
};

describe('exactly one outcome is recorded', () => {
  it('of a worker that dies: its attempt expires, and the next worker’s counts', async () => {
    const outside = await Outside.withTasks('Build');
    await outside.silence(await outside.claim());
    const next = await outside.claim();
    expect(await outside.complete(next, 'Built.')).toBe('succeeded');
    await outside.mission.wave(toAccept('T1'));
    expect(await outside.outcomes()).toEqual(['attempt.expired', 'attempt.succeeded', 'task.completed']);
    expect((await outside.task(next)).result).toMatchObject({ summary: 'Built.' });
  });

  it('of one that stalls past its lease and then completes: late, kept, and not in the way of the next', async () => {
    const outside = await Outside.withTasks('Build');
    const stalled = await outside.claim();
    await outside.silence(stalled);
    const next = await outside.claim();
    for (const [verb, body] of Object.entries(VERBS))
      expect([verb, await outside.say(stalled, verb, body)]).toEqual([verb, 'lease_lost']);
    expect(await outside.complete(stalled, 'Once more.')).toBe('lease_lost');
    expect(await outside.complete(next, 'In time.')).toBe('succeeded');
    await outside.mission.wave(toAccept('T1'));
    expect(await outside.outcomes()).toEqual([
      'attempt.expired',
      'attempt.late',
      'attempt.succeeded',
      'task.completed',
    ]);
    const { result, attempts } = await outside.task(next);
    expect(result).toMatchObject({ summary: 'In time.' });
    expect(attempts).toMatchObject([{ result: null, late_result: { summary: 'x' } }, { late_result: null }]);
  });

  it('of one that posts twice, at once or for ever after', async () => {
    const outside = await Outside.withTasks('Build');
    const held = await outside.claim();
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((word) => outside.complete(held, word)));
    expect(answers).toEqual(answers.map(() => 'succeeded'));
    const { summary } = (await outside.task(held)).attempts[0]?.result ?? {};
    await outside.mission.wave(toAccept('T1'));
    expect(await outside.complete(held, 'again')).toBe('succeeded');
    expect(await outside.outcomes()).toEqual(['attempt.succeeded', 'task.completed']);
    expect((await outside.task(held)).result?.summary).toBe(summary);
  });

  it('of one that completes after its task was canceled: none of it', async () => {
    const outside = await Outside.withTasks('Build');
    const held = await outside.claim();
    await outside.post(`/v1/tasks/${held.taskId}/cancel`).expect(200);
    for (const [verb, body] of Object.entries(VERBS))
      expect([verb, await outside.say(held, verb, body)]).toEqual([verb, 'attempt_canceled']);
    expect((await outside.upload(held, Buffer.from('x'))).body.code).toBe('attempt_canceled');
    expect(await outside.outcomes()).toEqual(['attempt.canceled']);
    expect(await outside.task(held)).toMatchObject({ state: 'canceled', result: null });
  });

  it('of one that gives back when it is shut down: it is no failure, and its token is worth nothing', async () => {
    const outside = await Outside.withTasks('Build');
    const first = await outside.claim();
    await outside.say(first, 'heartbeat', { progress: 0.9 });
    expect(await outside.say(first, 'release')).toBe('offered');
    const second = await outside.claim();
    expect(second.attemptId).toBe(first.attemptId);
    expect((await outside.task(second)).attempts).toMatchObject([{ progress: null, message: null }]);
    expect(await outside.complete(first, 'x')).toBe('lease_lost');
    expect(await outside.complete(second, 'Built.')).toBe('succeeded');
    expect(await outside.outcomes()).toEqual(['attempt.succeeded']);
    expect(await outside.mission.task('T1')).toMatchObject({ failures: 0, expiries: 0 });
  });
});

describe('progress', () => {
  it('is what the worker said last, whole or in part, and bounded', async () => {
    const outside = await Outside.withTasks('Build');
    const held = await outside.claim();
    const shown = async () => (await outside.task(held)).attempts[0];
    expect(await shown()).toMatchObject({ progress: null, message: null });
    await outside.say(held, 'heartbeat', { progress: 0.25, message: 'compiling' });
    expect(await shown()).toMatchObject({ progress: 0.25, message: 'compiling' });
    await outside.say(held, 'heartbeat', { progress: 0.5 });
    expect(await shown()).toMatchObject({ progress: 0.5, message: 'compiling' });
    for (const word of [{ progress: 1.1 }, { message: 'x'.repeat(501) }, { message: '\0' }])
      expect(await outside.say(held, 'heartbeat', word)).toMatch(/validation_failed|invalid_text/);
    expect(attemptSchema.parse(await shown())).toMatchObject({ progress: 0.5 });
  });
});

describe('a late result', () => {
  it('is accepted by a person: the task completes, what followed is canceled, and the conductor is told', async () => {
    const outside = await Outside.withTasks('Build');
    const late = await outside.claim();
    await outside.silence(late);
    const next = await outside.claim();
    expect(await outside.complete(late, 'Late but good.')).toBe('lease_lost');
    const accepted = await outside.post(`/v1/attempts/${late.attemptId}/accept-late-result`).expect(200);
    expect(accepted.body).toMatchObject({ state: 'completed', result: { summary: 'Late but good.' } });
    expect(await outside.complete(next, 'x')).toBe('attempt_canceled');
    const [told] = (await outside.mission.mustOpenWave()).snapshot.inbox;
    expect(told).toMatchObject({
      kind: 'message',
      trusted: true,
      text: 'I have accepted the late result of A1: T1 is completed.',
    });
    const again = await outside.post(`/v1/attempts/${late.attemptId}/accept-late-result`);
    expect([again.status, again.body.code]).toEqual([409, 'task_completed']);
  });

  it('that is none cannot be accepted', async () => {
    const outside = await Outside.withTasks('Build');
    const held = await outside.claim();
    const refused = await outside.post(`/v1/attempts/${held.attemptId}/accept-late-result`);
    expect([refused.status, refused.body.code]).toEqual([409, 'no_late_result']);
  });
});

describe('an artifact', () => {
  /** Three parts and a bit. */
  const bytes = randomBytes(3 * 1_024 * 1_024 + 17);
  const sha256 = createHash('sha256').update(bytes).digest('hex');

  it('comes back byte for byte, whole and in ranges across its parts, and stands in the result', async () => {
    const outside = await Outside.withTasks('Build');
    const held = await outside.claim();
    const { body: artifact } = await outside.upload(held, bytes, { sha256 }).expect(201);
    expect(artifactSchema.parse(artifact)).toEqual(artifact);
    expect(artifact).toMatchObject({ size_bytes: bytes.length, sha256, media_type: 'application/x-report' });
    expect(await outside.complete(held, 'Built.', [artifact.id])).toBe('succeeded');
    expect((await outside.task(held)).attempts[0]?.result?.artifacts).toEqual([artifact]);

    const read = (range?: string) => {
      const made = outside
        .get(`/v1/artifacts/${String(artifact.id)}`)
        .buffer()
        .parse(readBytes);
      return range === undefined ? made : made.set('Range', `bytes=${range}`);
    };
    const whole = await read().expect(200);
    expect(whole.headers).toMatchObject({
      'content-type': 'application/x-report',
      'content-disposition': 'attachment; filename=report.bin',
      etag: `"${sha256}"`,
    });
    expect(bytes.equals(whole.body)).toBe(true);
    const mebibyte = 1_024 * 1_024;
    for (const [start, end] of [
      [0, 0],
      [mebibyte - 1, mebibyte],
      [mebibyte - 5, 3 * mebibyte + 5],
      [bytes.length - 1, bytes.length - 1],
    ] as const) {
      const part = await read(`${start}-${end}`).expect(206);
      expect(part.headers['content-range']).toBe(`bytes ${start}-${end}/${bytes.length}`);
      expect(bytes.subarray(start, end + 1).equals(part.body)).toBe(true);
    }
    await read(`${bytes.length}-`).expect(416);
    await read('5-9').set('If-Range', '"of another version"').expect(200);
  });

  it('is one, however often the same bytes are sent under the same name', async () => {
    const outside = await Outside.withTasks('Build');
    const held = await outside.claim();
    const first = await outside.upload(held, bytes);
    expect((await outside.upload(held, bytes)).body).toEqual(first.body);
    expect((await outside.upload(held, Buffer.from('other'))).body.id).not.toBe(first.body.id);
    const rows = await database.owner.query(
      'SELECT DISTINCT artifact_id FROM artifact_part WHERE tenant_id = $1',
      [outside.mission.tenantId],
    );
    expect(rows.rowCount).toBe(1);
  });

  it('is refused when other bytes arrive than were sent, and from whoever does not hold the lease', async () => {
    const outside = await Outside.withTasks('Build');
    const held = await outside.claim();
    const altered = await outside.upload(held, Buffer.from('altered'), { sha256 });
    expect([altered.status, altered.body.code]).toEqual([422, 'sha256_mismatch']);
    const foreign = await outside.upload({ ...held, leaseToken: 'guessed' }, bytes);
    expect([foreign.status, foreign.body.code]).toEqual([409, 'lease_lost']);
    expect((await outside.upload(held, Buffer.from('x'), { lease_token: '' })).status).toBe(422);
    const left = await database.owner.query('SELECT 1 FROM artifact_part WHERE tenant_id = $1', [
      outside.mission.tenantId,
    ]);
    expect(left.rowCount).toBe(0);
  });

  it('of another attempt cannot be named by a result', async () => {
    const outside = await Outside.withTasks('Build', 'Ship');
    const [first, second] = [await outside.claim(), await outside.claim()];
    const { body } = await outside.upload(first, Buffer.from('mine'));
    expect(await outside.complete(second, 'Stolen.', [body.id])).toBe('unknown_artifact');
    expect(await outside.complete(first, 'Built.', [body.id])).toBe('succeeded');
  });

  it('is at most 64 MiB, and one of at most fifty', async () => {
    const outside = await Outside.withTasks('Build');
    const held = await outside.claim();
    const tooLarge = await outside.upload(held, Buffer.alloc(64 * 1_024 * 1_024 + 1));
    expect([tooLarge.status, tooLarge.body.code]).toEqual([413, 'body_too_large']);
    for (let number = 1; number <= 50; number += 1)
      await outside.upload(held, Buffer.from(String(number))).expect(201);
    const refused = await outside.upload(held, Buffer.from('51'));
    expect([refused.status, refused.body.code]).toEqual([409, 'artifacts_max_reached']);
  });

  it('has no time of its own as long as it keeps arriving', async () => {
    const outside = await Outside.withTasks('Build');
    const held = await outside.claim();
    const restore = setDeadlines({ bodyMs: 50, stretchBytesMin: 1, stretchMs: 5_000 });
    const { sending, answer } = outside.beginUpload(held);
    for (let chunks = 0; chunks < 5; chunks += 1) {
      await delay(50);
      sending.write('more');
    }
    sending.end();
    expect(await answer).toBe('201');
    restore();
  });

  it('that stops arriving is cut off, and its place is free again', async () => {
    const outside = await Outside.withTasks('Build');
    const held = await outside.claim();
    const restore = setDeadlines({ stretchMs: 100 });
    const uploads = Array.from({ length: 2 }, () => outside.beginUpload(held));
    for (const { answer } of uploads) expect(['408', 'cut off']).toContain(await answer);
    restore();
    await eventually('there is room', async () => (await outside.upload(held, bytes)).status === 201);
  });

  it('takes no place of the others when the lease is not held', async () => {
    const outside = await Outside.withTasks('Build');
    const held = await outside.claim();
    const foreign = { ...held, leaseToken: 'guessed' };
    const uploads = Array.from({ length: 8 }, () => outside.beginUpload(foreign));
    for (const { answer } of uploads) expect(await answer).toBe('409'); // before its end
    await outside.upload(held, bytes).expect(201);
    for (const { sending } of uploads) sending.destroy();
  });

  it('takes no place without a lease by a key that something else was answered for', async () => {
    const outside = await Outside.withTasks('Build', 'Ship');
    const [held, other] = [await outside.claim(), await outside.claim()];
    await outside.post('/v1/claims', { pool: 'build' }).set('Idempotency-Key', 'of-a-claim').expect(200);
    await outside.upload(held, bytes).set('Idempotency-Key', 'of-an-upload').expect(201);
    expect(await outside.complete(held, 'Built.')).toBe('succeeded');
    const foreign = { ...other, leaseToken: 'guessed' };
    const uploads = [
      outside.beginUpload(foreign, { 'idempotency-key': 'of-a-claim' }),
      outside.beginUpload(foreign, { 'idempotency-key': 'of-an-upload' }),
      outside.beginUpload(held, { 'idempotency-key': 'of-an-upload' }), // of another media type
    ];
    for (const { answer } of uploads) expect(await answer).toBe('409'); // before its end
    for (const { sending } of uploads) sending.destroy();
  });

  it('that was answered is answered again after the lease', async () => {
    const outside = await Outside.withTasks('Build');
    const held = await outside.claim();
    const send = () => outside.upload(held, Buffer.from('once')).set('Idempotency-Key', 'upload-1');
    const first = await send().expect(201);
    expect(await outside.complete(held, 'Built.', [first.body.id])).toBe('succeeded');
    const again = await send().expect(201);
    expect([again.body, again.headers['idempotent-replayed']]).toEqual([first.body, 'true']);
  });

  it('may be empty', async () => {
    const outside = await Outside.withTasks('Build');
    const { body } = await outside.upload(await outside.claim(), Buffer.alloc(0)).expect(201);
    const read = await outside
      .get(`/v1/artifacts/${String(body.id)}`)
      .buffer()
      .parse(readBytes);
    expect([read.status, read.headers['content-length']]).toEqual([200, '0']);
  });
});

/** Returns the way back to what they were. */
function setDeadlines(changed: Partial<BodyDeadlines>): () => void {
  const deadlines = app.get(BodyDeadlines);
  const { bodyMs, stretchMs, stretchBytesMin } = deadlines;
  Object.assign(deadlines, changed);
  return () => void Object.assign(deadlines, { bodyMs, stretchMs, stretchBytesMin });
}

/** Bytes as they are: what supertest makes of a type that it does not know depends on the type. */
function readBytes(response: request.Response, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('end', () => done(null, Buffer.concat(chunks)));
}
