import fc from 'fast-check';
import { afterExpiry, afterFailure } from './attempt-failure.js';

const now = new Date('2026-01-01T00:00:00Z');
const limits = { failures_max: 3, expiries_max: 5, backoff_ms: 2_000 };
const someLimits = fc.record({
  failures_max: fc.integer({ min: 1, max: 20 }),
  expiries_max: fc.integer({ min: 1, max: 50 }),
  backoff_ms: fc.integer({ min: 0, max: 900_000 }),
});
const later = (milliseconds: number): Date => new Date(now.getTime() + milliseconds);

describe('afterFailure', () => {
  it('returns a task to the queue with a back-off that doubles', () => {
    expect(afterFailure(1, true, limits, now)).toEqual({ kind: 'return_to_queue', readyAt: later(2_000) });
    expect(afterFailure(2, true, limits, now)).toEqual({ kind: 'return_to_queue', readyAt: later(4_000) });
  });

  it('fails the task at the last failure that its policy allows', () => {
    expect(afterFailure(3, true, limits, now)).toEqual({ kind: 'fail_task', reason: 'failures_exhausted' });
  });

  it('fails the task at once when the worker says that a retry is useless', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), someLimits, (failures, some) => {
        expect(afterFailure(failures, false, some, now)).toEqual({
          kind: 'fail_task',
          reason: 'not_retryable',
        });
      }),
    );
  });

  it('tries again exactly while failures are left, never before now, never later than 15 minutes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), someLimits, (failures, some) => {
        const outcome = afterFailure(failures, true, some, now);
        expect(outcome.kind).toBe(failures < some.failures_max ? 'return_to_queue' : 'fail_task');
        if (outcome.kind !== 'return_to_queue') return;
        const waitMs = outcome.readyAt.getTime() - now.getTime();
        expect(waitMs).toBeGreaterThanOrEqual(some.backoff_ms);
        expect(waitMs).toBeLessThanOrEqual(900_000);
      }),
    );
  });

  it('never waits less after one more failure', () => {
    const many = { ...limits, failures_max: 1_000 };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 0, max: 900_000 }),
        (failures, backoff_ms) => {
          const [one, next] = [failures, failures + 1].map((count) =>
            afterFailure(count, true, { ...many, backoff_ms }, now),
          );
          if (one?.kind !== 'return_to_queue' || next?.kind !== 'return_to_queue')
            throw new Error('no retry');
          expect(next.readyAt.getTime()).toBeGreaterThanOrEqual(one.readyAt.getTime());
        },
      ),
    );
  });
});

describe('afterExpiry', () => {
  it('offers again at once, as often as the policy allows, whatever has failed before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), someLimits, (expiries, some) => {
        expect(afterExpiry(expiries, some, now)).toEqual(
          expiries < some.expiries_max
            ? { kind: 'offer_again', availableAt: now }
            : { kind: 'fail_task', reason: 'expiries_exhausted' },
        );
      }),
    );
  });
});
