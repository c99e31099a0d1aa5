import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, A_WORKER, aMission, type TestMission } from '../../../test/support/mission.js';
import { toAccept, toDispatch } from '../../../test/support/writes.js';
import {
  cancelTask,
  completeAttempt,
  controlMission,
  expireAttempt,
  failAttempt,
  heartbeatAttempt,
  inMission,
  readExpiredAttempts,
  releaseAttempt,
  type LeasedAttempt,
} from './index.js';

const ACCEPTED = { accepted: true };
const LEASE_LOST = { accepted: false, code: 'lease_lost' };
const CANCELED = { accepted: false, code: 'attempt_canceled' };

const fail = (mission: TestMission, { attemptId, leaseToken }: LeasedAttempt, retryable = true) =>
  mission.run((tx) =>
    failAttempt(tx, attemptId, { leaseToken, error: { message: 'It broke.', retryable } }, A_WORKER),
  );
const beat = (mission: TestMission, { attemptId, leaseToken }: LeasedAttempt) =>
  mission.run((tx) => heartbeatAttempt(tx, attemptId, { leaseToken, progress: 0.5, message: 'Halfway.' }));
const release = (mission: TestMission, { attemptId, leaseToken }: LeasedAttempt) =>
  mission.run((tx) => releaseAttempt(tx, attemptId, { leaseToken }, A_WORKER));
const cancel = (mission: TestMission, { taskId }: LeasedAttempt) =>
  mission.run((tx) => cancelTask(tx, taskId, A_KEY));
/** What the sweep does for a mission with leases that have run out. */
const expire = (mission: TestMission) =>
  mission.run((tx) =>
    inMission(tx, mission.id, async (ledger) => {
      for (const attempt of await readExpiredAttempts(tx, mission.id, 10))
        await expireAttempt(ledger, attempt);
    }),
  );
/** An attempt whose worker has gone silent. */
const silent = async (mission: TestMission, attempt: LeasedAttempt): Promise<void> => {
  await mission.expireLease(attempt);
  await expire(mission);
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => expectInvariants(database));
afterAll(() => database.drop());

describe('a claim', () => {
  it('never gives an attempt to two of eight workers that claim at once', async () => {
    const mission = await aMission(database);
    await mission.submit(...Array.from({ length: 20 }, (_task, place) => `Task ${place}`));
    await mission.wave(toDispatch(...Array.from({ length: 20 }, (_ref, place) => `T${place + 1}`)));
    const claimAll = async (): Promise<LeasedAttempt[]> => {
      const claimed = await mission.claim({ max: 3 });
      return claimed.length === 0 ? [] : [...claimed, ...(await claimAll())];
    };
    const claimed = (await Promise.all(Array.from({ length: 8 }, claimAll))).flat();
    expect(claimed).toHaveLength(20);
    expect(new Set(claimed.map(({ attemptId }) => attemptId)).size).toBe(20);
    expect(new Set(claimed.map(({ leaseToken }) => leaseToken)).size).toBe(20);
  });

  it('takes the most urgent offers of its pool first, and none of another pool', async () => {
    const mission = await aMission(database, { policy: { workers: ['builtin', 'gpu'] } });
    await mission.submit({ priority: 4 }, { priority: 0 }, { priority: 0, worker: 'gpu' }, { priority: 1 });
    await mission.wave(toDispatch('T1', 'T2', 'T3', 'T4'));
    const claimed = await mission.claim({ max: 10 });
    expect(claimed.map(({ brief }) => brief.task.ref)).toEqual(['T2', 'T4', 'T1']);
  });

  it('gets nothing from a paused mission, whose running attempts may finish', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn();
    await mission.submit('Another');
    await mission.wave(toDispatch('T2'));
    await mission.run((tx) => controlMission(tx, mission.id, 'pause', A_KEY));
    expect(await mission.claim()).toEqual([]);
    expect(await beat(mission, attempt)).toMatchObject(ACCEPTED);
    expect(await mission.complete(attempt)).toEqual(ACCEPTED);
    await mission.run((tx) => controlMission(tx, mission.id, 'resume', A_KEY));
    expect(await mission.claim()).toHaveLength(1);
    expect((await mission.row()).wave_due_at).not.toBeNull();
  });
});

describe('the holder of a lease', () => {
  it('completes once, says it again without effect, and is told the truth for ever', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn();
    expect(await mission.complete(attempt, 'First.')).toEqual(ACCEPTED);
    expect(await mission.complete(attempt, 'Second.')).toEqual(ACCEPTED);
    await mission.wave(toAccept('T1'));
    expect(await mission.complete(attempt, 'Third.')).toEqual(ACCEPTED);
    expect(await mission.task('T1')).toMatchObject({ state: 'completed', result: { summary: 'First.' } });
    expect(await mission.events('attempt.')).toEqual(['attempt.started', 'attempt.succeeded']);
  });

  it('completes exactly once when it says so eight times at once', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => mission.complete(attempt)));
    expect(outcomes).toEqual(outcomes.map(() => ACCEPTED));
    expect(await mission.unseen()).toEqual(['attempt_succeeded']);
  });

  it('keeps it by heartbeats, which need no lock of the mission', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn();
    await mission.run(async (tx) => {
      await tx.db.$queryRaw`SELECT 1 AS locked FROM mission WHERE id = ${mission.id}::uuid FOR UPDATE`;
      expect(await beat(mission, attempt)).toMatchObject(ACCEPTED);
    });
    const [row] = await mission.attempts('T1');
    expect(row).toMatchObject({ progress: 0.5, progress_message: 'Halfway.' });
    expect(row?.lease_until).not.toEqual(attempt.leaseUntil);
  });

  it('gives it back: the attempt is offered again and counts as nothing', async () => {
    const mission = await aMission(database);
    const first = await mission.workingOn();
    expect(await release(mission, first)).toEqual(ACCEPTED);
    const second = await mission.mustClaim();
    expect(second.attemptId).toBe(first.attemptId);
    expect(second.leaseToken).not.toBe(first.leaseToken);
    expect(await mission.task('T1')).toMatchObject({ failures: 0, expiries: 0, attempt_count: 1 });
    expect(await mission.complete(first)).toMatchObject(LEASE_LOST);
    expect(await mission.complete(second)).toEqual(ACCEPTED);
  });
});

describe('a worker whose lease has run out', () => {
  it('is told so by every verb, and its late result is kept for the conductor', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn();
    await mission.expireLease(attempt);
    expect(await beat(mission, attempt)).toMatchObject(LEASE_LOST);
    expect(await fail(mission, attempt)).toMatchObject(LEASE_LOST);
    expect(await release(mission, attempt)).toMatchObject(LEASE_LOST);
    expect(await mission.complete(attempt, 'Late.')).toMatchObject(LEASE_LOST);
    await expire(mission);
    expect(await mission.complete(attempt, 'Later still.')).toMatchObject(LEASE_LOST);
    expect((await mission.attempts('T1'))[0]).toMatchObject({
      state: 'expired',
      result: null,
      late_result: { summary: 'Late.' },
    });
    expect(await mission.events('attempt.late')).toHaveLength(1);
  });

  it('never overwrites the result of the worker that came after it', async () => {
    const mission = await aMission(database);
    const zombie = await mission.workingOn();
    await silent(mission, zombie);
    const next = await mission.mustClaim();
    expect(await mission.complete(next, 'The result.')).toEqual(ACCEPTED);
    expect(await mission.complete(zombie, 'A stale one.')).toMatchObject(LEASE_LOST);
    await mission.wave(toAccept('T1'));
    expect(await mission.task('T1')).toMatchObject({ result: { summary: 'The result.' } });
  });

  it('may still be right: the conductor can accept the late result, which ends the attempt that followed', async () => {
    const mission = await aMission(database);
    const late = await mission.workingOn();
    await silent(mission, late);
    const next = await mission.mustClaim();
    await mission.complete(late, 'Late but good.');
    await mission.say('T1 came late; look at it.');
    await mission.wave(toAccept('T1', 'A1'));
    expect(await mission.task('T1')).toMatchObject({
      state: 'completed',
      result: { summary: 'Late but good.' },
    });
    expect(await mission.complete(next)).toMatchObject(CANCELED);
  });
});

describe('a foreign token', () => {
  it('does nothing and leaves nothing behind', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn();
    const thief = { ...attempt, leaseToken: 'guessed' };
    expect(await beat(mission, thief)).toMatchObject(LEASE_LOST);
    expect(await mission.complete(thief, 'Stolen.')).toMatchObject(LEASE_LOST);
    expect(await fail(mission, thief)).toMatchObject(LEASE_LOST);
    expect(await release(mission, thief)).toMatchObject(LEASE_LOST);
    await mission.expireLease(attempt);
    expect(await mission.complete(thief, 'Stolen.')).toMatchObject(LEASE_LOST);
    expect((await mission.attempts('T1'))[0]).toMatchObject({ state: 'leased', late_result: null });
    expect(await mission.query('SELECT 1 FROM artifact WHERE tenant_id = $1 AND mission_id = $2')).toEqual(
      [],
    );
  });
});

describe('an expired attempt', () => {
  it('is offered again without a conductor, and is not held against the task', async () => {
    const mission = await aMission(database);
    await silent(mission, await mission.workingOn());
    expect(await mission.unseen()).toEqual([]);
    expect(await mission.task('T1')).toMatchObject({ state: 'queued', failures: 0, expiries: 1 });
    expect((await mission.mustClaim()).brief.attempt.number).toBe(2);
  });

  it('fails the task when there were expiries_max of them, with one inbox item', async () => {
    const mission = await aMission(database, { policy: { attempts: { expiries_max: 2 } } });
    await silent(mission, await mission.workingOn());
    await silent(mission, await mission.mustClaim());
    expect(await mission.task('T1')).toMatchObject({ state: 'failed', state_reason: 'expiries_exhausted' });
    expect(await mission.unseen()).toEqual(['attempt_exhausted']);
    expect(await mission.claim()).toEqual([]);
  });

  it('is expired once, however many sweeps see it', async () => {
    const mission = await aMission(database);
    await mission.expireLease(await mission.workingOn());
    await Promise.all([expire(mission), expire(mission), expire(mission)]);
    expect(await mission.events('attempt.expired')).toHaveLength(1);
    expect(await mission.task('T1')).toMatchObject({ expiries: 1, attempt_count: 2 });
  });
});

describe('a failed attempt', () => {
  it('returns the task to the conductor, who may offer it again after its back-off', async () => {
    const mission = await aMission(database, { policy: { attempts: { backoff_ms: 60_000 } } });
    const attempt = await mission.workingOn();
    expect(await fail(mission, attempt)).toEqual(ACCEPTED);
    expect(await fail(mission, attempt)).toEqual(ACCEPTED);
    expect(await mission.task('T1')).toMatchObject({
      state: 'queued',
      state_reason: 'attempt_failed',
      failures: 1,
    });
    expect(await mission.unseen()).toEqual(['attempt_failed']);
    await mission.wave(toDispatch('T1'));
    expect(await mission.claim()).toEqual([]);
    await mission.skipWaiting();
    expect((await mission.mustClaim()).brief.attempt).toMatchObject({ number: 2, feedback: 'It broke.' });
  });

  it('fails the task after failures_max of them, with one inbox item', async () => {
    const mission = await aMission(database, { policy: { attempts: { failures_max: 2, backoff_ms: 0 } } });
    await fail(mission, await mission.workingOn());
    await mission.wave(toDispatch('T1'));
    await fail(mission, await mission.mustClaim());
    expect(await mission.task('T1')).toMatchObject({ state: 'failed', state_reason: 'failures_exhausted' });
    expect(await mission.unseen()).toEqual(['attempt_exhausted']);
  });

  it('fails the task at once when it is not retryable', async () => {
    const mission = await aMission(database);
    await fail(mission, await mission.workingOn(), false);
    expect(await mission.task('T1')).toMatchObject({ state: 'failed', state_reason: 'not_retryable' });
    expect(await mission.unseen()).toEqual(['attempt_exhausted']);
  });
});

describe('the attempt of a canceled task', () => {
  it('answers every verb that it was canceled, whoever asks, and keeps nothing', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn();
    await cancel(mission, attempt);
    for (const asker of [attempt, { ...attempt, leaseToken: 'of an earlier lease' }]) {
      expect(await beat(mission, asker)).toMatchObject(CANCELED);
      expect(await mission.complete(asker)).toMatchObject(CANCELED);
      expect(await fail(mission, asker)).toMatchObject(CANCELED);
      expect(await release(mission, asker)).toMatchObject(CANCELED);
    }
    expect((await mission.attempts('T1'))[0]).toMatchObject({
      state: 'canceled',
      result: null,
      late_result: null,
    });
    expect(await mission.row()).toMatchObject({ tasks_canceled: 1, attempts_in_flight: 0 });
  });

  it('is reached through its mission too', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn();
    await mission.run((tx) => controlMission(tx, mission.id, 'cancel', A_KEY));
    expect(await beat(mission, attempt)).toMatchObject(CANCELED);
    expect(await mission.task('T1')).toMatchObject({ state: 'canceled', state_reason: 'mission_canceled' });
  });

  it('stays what it was when it had succeeded before', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn();
    await mission.complete(attempt);
    await cancel(mission, attempt);
    expect(await mission.complete(attempt)).toEqual(ACCEPTED);
    expect((await mission.attempts('T1'))[0]).toMatchObject({ state: 'succeeded' });
    expect(await mission.task('T1')).toMatchObject({ state: 'canceled' });
  });
});

describe('words about an attempt that come at once', () => {
  /** A race uses up at most two of the twenty tasks that a wave dispatches. */
  const RACES = 10;
  /** Attempts whose recorded ends are not exactly the one that their row says. */
  const contradictions = (mission: TestMission) =>
    mission.query(
      `SELECT a.id, a.state, array_agg(e.type) AS ends
         FROM attempt a
         LEFT JOIN event e ON e.tenant_id = a.tenant_id AND e.attempt_id = a.id
          AND e.type IN ('attempt.succeeded', 'attempt.failed', 'attempt.expired', 'attempt.canceled')
        WHERE a.tenant_id = $1 AND a.mission_id = $2
        GROUP BY a.tenant_id, a.id, a.state
       HAVING array_remove(array_agg(e.type), NULL)
              <> CASE WHEN a.state IN ('offered', 'leased') THEN '{}' ELSE ARRAY['attempt.' || a.state] END`,
    );
  /** What was accepted, and has to be what is recorded. */
  const said = async (state: string, word: Promise<{ readonly accepted: boolean }>) =>
    (await word).accepted ? [state] : [];

  it.each([0, 1])('end it once, whichever is first, while others lease what is free (%i)', async (shift) => {
    const mission = await aMission(database, {
      policy: { attempts: { failures_max: 20, expiries_max: 50, backoff_ms: 0 } },
    });
    const places = Array.from({ length: 2 * RACES }, (_, place) => place + 1);
    await mission.submit(...places.map((place) => `Task ${place}`));
    await mission.wave(toDispatch(...places.map((place) => `T${place}`)));
    for (let race = 0; race < RACES; race += 1) {
      const attempt = await mission.mustClaim();
      if (race % 2 === 0) await mission.expireLease(attempt);
      const racing = [
        () => said('succeeded', mission.complete(attempt)),
        () => said('failed', fail(mission, attempt)),
        () => said('offered', release(mission, attempt)),
        () => expire(mission).then(() => []),
        () => mission.claim().then(() => []),
        () => expire(mission).then(() => []),
        ...((race + shift) % 3 === 0 ? [() => cancel(mission, attempt).then(() => [])] : []),
      ];
      const first = (race + 3 * shift) % racing.length;
      const order = [...racing.slice(first), ...racing.slice(0, first)];
      const accepted = (await Promise.all(order.map((say) => say()))).flat();
      expect(accepted.length).toBeLessThanOrEqual(1);
      expect(await contradictions(mission)).toEqual([]);
      const [row] = await mission.query(
        'SELECT state FROM attempt WHERE tenant_id = $1 AND mission_id = $2 AND id = $3',
        [attempt.attemptId],
      );
      if (accepted[0] === 'succeeded' || accepted[0] === 'failed')
        expect(row).toEqual({ state: accepted[0] });
    }
  });
});

describe('completeAttempt', () => {
  it('refuses a result that names artifacts which nobody uploaded', async () => {
    const mission = await aMission(database);
    const { attemptId, leaseToken } = await mission.workingOn();
    const result = { summary: '', output: null, artifacts: ['art_x'] };
    await expect(
      mission.run((tx) => completeAttempt(tx, attemptId, { leaseToken, result }, A_WORKER)),
    ).rejects.toMatchObject({ kind: 'invalid', code: 'unknown_artifact' });
  });
});
