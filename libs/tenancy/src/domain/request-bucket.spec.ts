import fc from 'fast-check';
import { fullBucket, secondsUntilFull, takeRequests } from './request-bucket.js';

/** So many requests at a time, at the given distances in milliseconds; returns how many were allowed. */
function allowedAt(requestsPerMinute: number, distancesMs: readonly number[], wanted = 1): number {
  let nowMs = 0;
  let bucket = fullBucket(requestsPerMinute, nowMs);
  let allowed = 0;
  for (const distanceMs of distancesMs) {
    nowMs += distanceMs;
    const taken = takeRequests(bucket, requestsPerMinute, { wanted, nowMs });
    bucket = taken.bucket;
    allowed += taken.granted;
  }
  return allowed;
}

describe('takeRequests', () => {
  const limit = fc.integer({ min: 1, max: 1_000 });
  const distances = fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 300 });

  it('never allows more than a full bucket and what the time refilled', () => {
    fc.assert(
      fc.property(
        limit,
        distances,
        fc.integer({ min: 1, max: 40 }),
        (requestsPerMinute, distancesMs, wanted) => {
          const elapsedMs = distancesMs.reduce((sum, distanceMs) => sum + distanceMs, 0);
          const most = requestsPerMinute + (elapsedMs * requestsPerMinute) / 60_000;
          expect(allowedAt(requestsPerMinute, distancesMs, wanted)).toBeLessThanOrEqual(most + 1e-6);
        },
      ),
    );
  });

  it('allows a client that keeps to its rate for ever', () => {
    expect(allowedAt(60, new Array<number>(500).fill(1_000))).toBe(500);
  });

  it('grants what is left of a minute’s worth, then nothing, and names the wait', () => {
    const first = takeRequests(fullBucket(10, 0), 10, { wanted: 7, nowMs: 0 });
    expect(first).toMatchObject({ granted: 7, waitMs: 0 });
    const second = takeRequests(first.bucket, 10, { wanted: 7, nowMs: 0 });
    expect(second).toMatchObject({ granted: 3, waitMs: 6_000 });
    expect(takeRequests(second.bucket, 10, { wanted: 7, nowMs: 5_999 }).granted).toBe(0);
    expect(takeRequests(second.bucket, 10, { wanted: 7, nowMs: 6_000 }).granted).toBe(1);
    expect([secondsUntilFull(3, 10), secondsUntilFull(10, 10), secondsUntilFull(11, 10)]).toEqual([42, 0, 0]);
  });

  it('refills nothing for a clock that is set back, and keeps nobody from their rate after it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 * 3_600_000 }), limit, (stepMs, requestsPerMinute) => {
        const nowMs = 1_000_000_000 - stepMs;
        const back = takeRequests({ tokens: 0, filledAtMs: 1_000_000_000 }, requestsPerMinute, {
          wanted: 1,
          nowMs,
        });
        expect(back.granted).toBe(0);
        const later = takeRequests(back.bucket, requestsPerMinute, { wanted: 1, nowMs: nowMs + back.waitMs });
        expect(later.granted).toBe(1);
      }),
    );
  });

  it('never allows more than a full bucket and the time that the clock went on, however often it is set back', () => {
    const steps = fc.array(fc.integer({ min: -10_000, max: 10_000 }), { maxLength: 300 });
    fc.assert(
      fc.property(limit, steps, fc.integer({ min: 1, max: 40 }), (requestsPerMinute, stepsMs, wanted) => {
        const forwardMs = stepsMs.reduce((sum, stepMs) => sum + Math.max(0, stepMs), 0);
        const most = requestsPerMinute + (forwardMs * requestsPerMinute) / 60_000;
        expect(allowedAt(requestsPerMinute, stepsMs, wanted)).toBeLessThanOrEqual(most + 1e-6);
      }),
    );
  });
});
