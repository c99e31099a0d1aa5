import fc from 'fast-check';
import {
  GUARD_NOTES,
  GUARD_STATES,
  GUARD_TABLE,
  judgeNext,
  type GuardFacts,
  type GuardState,
} from './guard.js';

const roomy: GuardFacts = {
  filledTokens: 10_000,
  budgetTokens: 24_000,
  requests: 1,
  requestsMax: 8,
  elapsedMs: 1_000,
  elapsedMsMax: 600_000,
  atMostUsd: 0.3,
  usdMax: 1,
};
const someFacts: fc.Arbitrary<GuardFacts> = fc.record({
  filledTokens: fc.nat(30_000),
  budgetTokens: fc.constantFrom(8_000, 24_000),
  requests: fc.nat(10),
  requestsMax: fc.integer({ min: 1, max: 10 }),
  elapsedMs: fc.nat(700_000),
  elapsedMsMax: fc.constant(600_000),
  atMostUsd: fc.double({ min: 0, max: 5, noNaN: true }),
  usdMax: fc.option(fc.double({ min: 0, max: 5, noNaN: true })),
});

describe('judgeNext', () => {
  it.each<[string, Partial<GuardFacts>, string, string | null]>([
    ['below 70 % of the budget', { filledTokens: 16_799 }, 'open', null],
    ['from 70 % of the budget on', { filledTokens: 16_800 }, 'soft', null],
    ['from 90 % of the budget on', { filledTokens: 21_600 }, 'hard', null],
    ['after the last request', { requests: 8 }, 'closed', 'request_limit'],
    ['after ten minutes', { elapsedMs: 600_000 }, 'closed', 'time_limit'],
    ['when one more request could cost too much', { atMostUsd: 1.01 }, 'closed', 'price_limit'],
    ['without a price of its own', { atMostUsd: 100, usdMax: null }, 'open', null],
  ])('leads from open, %s', (_, facts, state, stop) => {
    expect(judgeNext('open', { ...roomy, ...facts })).toEqual({ state, stop });
  });

  it('allows one request after hard, and closes whatever comes of it', () => {
    expect(judgeNext('hard', roomy)).toEqual({ state: 'closed', stop: 'context_full' });
    expect(judgeNext('hard', { ...roomy, filledTokens: 23_000 })).toEqual({
      state: 'closed',
      stop: 'context_full',
    });
  });

  it('never leads back', () => {
    fc.assert(
      fc.property(fc.constantFrom(...GUARD_STATES), someFacts, (state, facts) => {
        const next = judgeNext(state, facts);
        expect(GUARD_STATES.indexOf(next.state)).toBeGreaterThanOrEqual(GUARD_STATES.indexOf(state));
        expect(next.state === 'closed').toBe(next.stop !== null);
      }),
    );
  });

  it('closes every wave within the requests that its policy allows', () => {
    fc.assert(
      fc.property(fc.array(someFacts, { minLength: 20, maxLength: 20 }), (course) => {
        let state: GuardState = 'open';
        let requests = 1;
        while (state !== 'closed') {
          state = judgeNext(state, { ...(course[requests - 1] ?? roomy), requests, requestsMax: 8 }).state;
          requests += 1;
        }
        expect(requests - 1).toBeLessThanOrEqual(8);
      }),
    );
  });

  it('reaches every state, and says what to do in the two that a conductor can see', () => {
    const reached = new Set(GUARD_STATES.flatMap((state) => Object.values(GUARD_TABLE[state])));
    expect([...reached].sort()).toEqual([...GUARD_STATES].sort());
    expect(Object.keys(GUARD_NOTES)).toEqual(['soft', 'hard']);
  });
});
