import fc from 'fast-check';
import { SUMMARY_TOKENS } from '#contracts';
import { converse, inRuns, type PlayedWave } from './one-conversation.js';

const aWave = (parts: Partial<PlayedWave> = {}): PlayedWave => ({
  isCommitted: true,
  turns: 1,
  firstTokens: 6_000,
  lastTokens: 6_000,
  lastOutputTokens: 300,
  readTokens: 6_000,
  prefixTokens: 4_000,
  newsTokens: 500,
  ...parts,
});

const anyWave: fc.Arbitrary<PlayedWave> = fc
  .record({
    isCommitted: fc.boolean(),
    turns: fc.integer({ min: 1, max: 8 }),
    firstTokens: fc.integer({ min: 5_000, max: 16_000 }),
    growth: fc.integer({ min: 0, max: 6_000 }),
    lastOutputTokens: fc.integer({ min: 1, max: 4_096 }),
    newsTokens: fc.integer({ min: 0, max: 1_800 }),
  })
  .map(({ growth, ...wave }) => ({
    ...wave,
    lastTokens: wave.firstTokens + (wave.turns === 1 ? 0 : growth),
    readTokens: wave.turns * wave.firstTokens + (wave.turns === 1 ? 0 : growth),
    prefixTokens: 4_000,
  }));

describe('one conversation instead of the same waves', () => {
  it('begins with the prefix, and keeps news and answers', () => {
    const { carriedTokens, readTokens } = converse([aWave(), aWave()], null);
    expect(carriedTokens).toEqual([4_800, 5_600]); // 4,000 + 500 + 300, and 800 more
    expect(readTokens).toBe(4_500 + 5_300);
  });

  it('keeps what was said and read within a wave', () => {
    const wave = aWave({ turns: 3, lastTokens: 9_000, readTokens: 6_000 + 7_000 + 9_000 });
    const { carriedTokens, readTokens } = converse([wave], null);
    expect(carriedTokens).toEqual([4_500 + 3_000 + 300]);
    expect(readTokens).toBe(4_500 + 5_500 + 7_500);
  });

  it('is not told what an aborted wave was told: the next wave is', () => {
    const { carriedTokens, readTokens } = converse([aWave({ isCommitted: false }), aWave()], null);
    expect(carriedTokens).toEqual([4_000, 4_800]);
    expect(readTokens).toBe(4_500);
  });

  it('goes on from a summary when it would pass the mark, and pays for asking for it', () => {
    const { carriedTokens, readTokens, compactions } = converse([aWave(), aWave()], 5_000);
    expect(compactions).toBe(1);
    expect(carriedTokens).toEqual([4_800, 4_000 + SUMMARY_TOKENS + 500 + 300]);
    expect(readTokens).toBe(4_500 + 4_800 + 6_500);
  });

  it('of no waves is nothing', () => {
    expect(converse([], null)).toEqual({ carriedTokens: [], readTokens: 0, compactions: 0 });
  });

  it('never shrinks without compaction, and with it never carries more', () => {
    fc.assert(
      fc.property(fc.array(anyWave, { maxLength: 60 }), (waves) => {
        const whole = converse(waves, null);
        const compacted = converse(waves, 60_000);
        expect(whole.carriedTokens).toHaveLength(waves.length);
        whole.carriedTokens.forEach((tokens, place) => {
          expect(tokens).toBeGreaterThanOrEqual(whole.carriedTokens[place - 1] ?? 0);
          expect(compacted.carriedTokens[place] ?? 0).toBeLessThanOrEqual(tokens);
        });
      }),
    );
  });
});

describe('inRuns', () => {
  it('keeps all items in order, in at most so many runs', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (items, max) => {
        const runs = inRuns(items, max);
        expect(runs.flat()).toEqual(items);
        expect(runs.length).toBeLessThanOrEqual(max);
      }),
    );
  });

  it('leaves a short list as it is', () => {
    expect(inRuns([1, 2], 2)).toEqual([[1], [2]]);
  });
});
