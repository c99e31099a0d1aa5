import fc from 'fast-check';
import {
  decideAfterExtraTry,
  decideAfterTry,
  RETRY_AFTER_MS_MAX,
  type AfterTry,
  type TryEnded,
} from './schedule.js';

const DEFAULT_SCHEDULE = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
const now = new Date('2026-01-01T00:00:00Z');

const after = (fields: Partial<Omit<TryEnded, 'outcome'>> & Partial<TryEnded['outcome']>): AfterTry => {
  const { status = 500, retryAfter = null, ...rest } = fields;
  const outcome = { status, retryAfter };
  return decideAfterTry({
    scheduleSeconds: DEFAULT_SCHEDULE,
    tryNumber: 1,
    now,
    random: 0.5,
    ...rest,
    outcome,
  });
};

const delayMs = (decision: AfterTry): number => {
  if (decision.state !== 'pending') throw new Error(`not pending: ${decision.state}`);
  return decision.nextTryAt.getTime() - now.getTime();
};

const aRandom = fc.double({ min: 0, max: 1, noNaN: true });
const aFailure = fc.oneof(
  fc.constant(null),
  fc.integer({ min: 100, max: 199 }),
  fc.integer({ min: 300, max: 599 }).filter((status) => status !== 410),
);
const aTryNumber = fc.integer({ min: 1, max: DEFAULT_SCHEDULE.length - 1 });

describe('decideAfterTry', () => {
  it('calls 2xx a success and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), (status) => {
        expect(after({ status }).state === 'delivered').toBe(status >= 200 && status < 300);
      }),
    );
  });

  it('tries 10 times over 75.6 hours before it gives up', () => {
    const delays = DEFAULT_SCHEDULE.slice(1).map((_, index) => delayMs(after({ tryNumber: index + 1 })));
    expect(delays.reduce((sum, delay) => sum + delay, 0) / 3_600_000).toBeCloseTo(75.6, 1);
    expect(after({ tryNumber: 10 })).toEqual({ state: 'dead', reason: 'exhausted' });
  });

  it('never tries beyond the schedule, also after a redelivery', () => {
    fc.assert(
      fc.property(aFailure, fc.integer({ min: 10, max: 1_000 }), (status, tryNumber) => {
        expect(after({ status, tryNumber, retryAfter: '60' })).toEqual({
          state: 'dead',
          reason: 'exhausted',
        });
      }),
    );
  });

  it('spreads every delay by at most a fifth to both sides, growing with the random number', () => {
    fc.assert(
      fc.property(aFailure, aTryNumber, aRandom, aRandom, (status, tryNumber, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const scheduledMs = (DEFAULT_SCHEDULE[tryNumber] ?? 0) * 1_000;
        const [lowMs, highMs] = [low, high].map((random) => delayMs(after({ status, tryNumber, random })));
        expect(lowMs).toBeGreaterThanOrEqual(scheduledMs * 0.8);
        expect(highMs).toBeLessThanOrEqual(scheduledMs * 1.2);
        expect(lowMs).toBeLessThanOrEqual(highMs ?? 0);
      }),
    );
  });

  it('waits longer with every try, whatever the random numbers, while the schedule at least doubles', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), aRandom, aRandom, (tryNumber, random, nextRandom) => {
        expect(delayMs(after({ tryNumber, random }))).toBeLessThan(
          delayMs(after({ tryNumber: tryNumber + 1, random: nextRandom })),
        );
      }),
    );
  });

  it('gives up on 410, at whichever try', () => {
    expect(after({ status: 410 })).toEqual({ state: 'dead', reason: 'gone' });
    expect(after({ status: 410, tryNumber: 10 })).toMatchObject({ reason: 'gone' });
  });

  it('never comes back before Retry-After, nor before the schedule, nor later than a day for it', () => {
    fc.assert(
      fc.property(aTryNumber, aRandom, fc.nat({ max: 10_000_000 }), (tryNumber, random, seconds) => {
        const scheduledMs = delayMs(after({ tryNumber, random }));
        const askedMs = Math.min(seconds * 1_000, RETRY_AFTER_MS_MAX);
        expect(delayMs(after({ tryNumber, random, status: 429, retryAfter: String(seconds) }))).toBe(
          Math.max(scheduledMs, askedMs),
        );
      }),
    );
  });

  it.each([
    ['90', 90],
    [' 90 ', 90],
    ['Thu, 01 Jan 2026 00:02:00 GMT', 120],
    ['Fri, 01 Jan 2100 00:00:00 GMT', 86_400],
    ['9999999999', 86_400],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 5],
    ['Thu, 99 Jan 2026 00:02:00 GMT', 5],
    ['-90', 5],
    ['1e9', 5],
    ['tomorrow 90', 5],
    ['', 5],
  ])('reads Retry-After "%s" as %i s, never less than the schedule', (retryAfter, seconds) => {
    expect(delayMs(after({ status: 503, retryAfter }))).toBe(seconds * 1_000);
  });
});

describe('decideAfterExtraTry', () => {
  const aState = fc.constantFrom('pending' as const, 'delivered' as const, 'dead' as const);

  it('delivers on success, whatever the delivery was', () => {
    fc.assert(
      fc.property(aState, fc.boolean(), fc.integer({ min: 200, max: 299 }), (state, isTest, status) => {
        expect(decideAfterExtraTry({ state, isTest }, status)).toEqual({ state: 'delivered' });
      }),
    );
  });

  it('changes nothing on a failure, 410 included, but ends a test, which has no other try', () => {
    fc.assert(
      fc.property(aState, fc.boolean(), fc.oneof(aFailure, fc.constant(410)), (state, isTest, status) => {
        const after = decideAfterExtraTry({ state, isTest }, status);
        expect(after).toEqual(
          isTest && state === 'pending' ? { state: 'dead', reason: 'exhausted' } : { state: 'unchanged' },
        );
      }),
    );
  });
});
