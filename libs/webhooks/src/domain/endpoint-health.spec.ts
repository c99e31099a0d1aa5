import fc from 'fast-check';
import {
  afterFailure,
  afterSuccess,
  FAILING_MS_MAX,
  FAILURES_TO_OPEN,
  probeIntervalMs,
  reasonToDisable,
  type EndpointHealth,
} from './endpoint-health.js';

const start = new Date('2026-01-01T00:00:00Z');
const later = (ms: number): Date => new Date(start.getTime() + ms);
const fail = (health: EndpointHealth, now: Date): EndpointHealth =>
  afterFailure(health, { now, probeIntervalMs: 60_000 });

/** The health after failures at these milliseconds. */
const failing = (...times: number[]): EndpointHealth =>
  times.reduce((health, ms) => fail(health, later(ms)), afterSuccess(10));

const failureTimes = fc
  .array(fc.nat({ max: 2 * FAILING_MS_MAX }), { minLength: 1, maxLength: 12 })
  .map((times) => times.toSorted((a, b) => a - b));

describe('an endpoint that fails', () => {
  it('has a closed circuit up to the fourth failure in a row, and an open one from the fifth', () => {
    fc.assert(
      fc.property(failureTimes, (times) => {
        const health = failing(...times);
        expect(health.failuresInARow).toBe(times.length);
        expect(health.failingSince).toEqual(later(times[0] ?? 0));
        const probe = times.length < FAILURES_TO_OPEN ? null : later((times.at(-1) ?? 0) + 60_000);
        expect(health.probeAt).toEqual(probe);
        expect(health.proven).toBe(false);
      }),
    );
  });

  it('is given up after five days in which nothing succeeded, and never before the circuit is open', () => {
    fc.assert(
      fc.property(failureTimes, (times) => {
        const now = later(times.at(-1) ?? 0);
        const failedForMs = now.getTime() - later(times[0] ?? 0).getTime();
        const isOver = times.length >= FAILURES_TO_OPEN && failedForMs >= FAILING_MS_MAX;
        expect(reasonToDisable(failing(...times), { status: 500, now })).toBe(isOver ? 'failing' : null);
      }),
    );
  });

  it('is gone with its first 410, whatever came before', () => {
    fc.assert(
      fc.property(failureTimes, (times) => {
        expect(reasonToDisable(failing(...times), { status: 410, now: later(0) })).toBe('gone');
      }),
    );
  });
});

describe('probeIntervalMs', () => {
  it('is a minute, or the longest delay of a schedule that is shorter than that', () => {
    expect(probeIntervalMs([0, 5, 300, 1_800])).toBe(60_000);
    expect(probeIntervalMs([0, 1, 2])).toBe(2_000);
    expect(probeIntervalMs([0])).toBe(0);
    expect(probeIntervalMs([])).toBe(0);
  });
});

describe('an endpoint that answers', () => {
  it('has no failures, and is proven unless it held up its sender for two seconds', () => {
    const well = { failuresInARow: 0, failingSince: null, probeAt: null };
    expect(afterSuccess(1_999)).toEqual({ ...well, proven: true });
    expect(afterSuccess(2_000)).toEqual({ ...well, proven: false });
  });
});
