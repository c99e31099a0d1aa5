import fc from 'fast-check';
import { CONTEXT_LEVELS, contextLevel } from './wave.js';

describe('contextLevel', () => {
  it.each([
    [0, 'ok'],
    [16_799, 'ok'],
    [16_800, 'soft'],
    [21_599, 'soft'],
    [21_600, 'hard'],
    [30_000, 'hard'],
  ])('calls %i tokens of 24,000 %s', (tokens, level) => {
    expect(contextLevel(tokens, 24_000)).toBe(level);
  });

  it('never falls as a request grows', () => {
    fc.assert(
      fc.property(
        fc.nat(300_000),
        fc.nat(300_000),
        fc.integer({ min: 1, max: 200_000 }),
        (one, more, budget) => {
          const rank = (tokens: number): number => CONTEXT_LEVELS.indexOf(contextLevel(tokens, budget));
          expect(rank(one + more)).toBeGreaterThanOrEqual(rank(one));
        },
      ),
    );
  });
});
