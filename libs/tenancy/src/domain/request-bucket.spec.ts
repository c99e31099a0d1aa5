import fc from 'fast-check';
import { fullBucket, takeRequest } from './request-bucket.js';

/** Requests at the given distances in milliseconds; returns how many were allowed. */
function allowedAt(requestsPerMinute: number, distancesMs: readonly number[]): number {
  let nowMs = 0;
  let bucket = fullBucket(requestsPerMinute, nowMs);
  let allowed = 0;
  for (const distanceMs of distancesMs) {
    nowMs += distanceMs;
    const verdict = takeRequest(bucket, requestsPerMinute, nowMs);
    bucket = verdict.bucket;
    allowed += Number(verdict.allowed);
  }
  return allowed;
}

describe('takeRequest', () => {
  const limit = fc.integer({ min: 1, max: 1_000 });
  const distances = fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 300 });

  it('never allows more than a full bucket and what the time refilled', () => {
    fc.assert(
      fc.property(limit, distances, (requestsPerMinute, distancesMs) => {
        const elapsedMs = distancesMs.reduce((sum, distanceMs) => sum + distanceMs, 0);
        const most = requestsPerMinute + (elapsedMs * requestsPerMinute) / 60_000;
        expect(allowedAt(requestsPerMinute, distancesMs)).toBeLessThanOrEqual(most + 1e-6);
      }),
    );
  });

  it('allows a client that keeps to its rate for ever', () => {
    expect(allowedAt(60, new Array<number>(500).fill(1_000))).toBe(500);
  });

  it('refuses the request after a burst of a minute’s worth and names the wait', () => {
    let bucket = fullBucket(10, 0);
    for (let count = 0; count < 10; count += 1) bucket = takeRequest(bucket, 10, 0).bucket;
    expect(takeRequest(bucket, 10, 0)).toMatchObject({ allowed: false, remaining: 0, resetSeconds: 6 });
    expect(takeRequest(bucket, 10, 6_000).allowed).toBe(true);
  });

  it('never refills for a clock that goes backwards', () => {
    const empty = { tokens: 0, filledAtMs: 60_000 };
    expect(takeRequest(empty, 60, 0).allowed).toBe(false);
    expect(takeRequest(empty, 60, 0).bucket.filledAtMs).toBe(60_000);
  });
});
