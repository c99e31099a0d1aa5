import fc from 'fast-check';
import type { PromptSegment } from './count-tokens.js';
import type { CacheTtl } from './messages-request.js';
import {
  accountPrefix,
  LOOKBACK_SEGMENTS,
  type CachedPrefix,
  type InputUsage,
  type PrefixAccount,
} from './prefix-cache.js';

const MINUTE_MS = 60_000;

/** A provider's cache over several requests. */
function aCache() {
  const cached = new Map<string, CachedPrefix>();
  return {
    ask(segments: readonly PromptSegment[], nowMs = 0, scope = 'one model'): InputUsage {
      const account: PrefixAccount = accountPrefix({
        segments,
        scope,
        cacheableTokensMin: 512,
        cached,
        nowMs,
      });
      for (const [key, prefix] of account.kept) cached.set(key, prefix);
      return account.usage;
    },
  };
}

function segment(content: string, tokens: number, cacheTtl: CacheTtl | null = null): PromptSegment {
  return { content, tokens, cacheTtl };
}

const totalOf = (segments: readonly PromptSegment[]) => segments.reduce((sum, { tokens }) => sum + tokens, 0);
const writtenBy = (usage: InputUsage) => usage.writtenTokens['5m'] + usage.writtenTokens['1h'];

const anySegment = fc.record({
  content: fc.constantFrom('a', 'b', 'c'),
  tokens: fc.constant(300),
  cacheTtl: fc.constantFrom(null, null, '5m' as const, '1h' as const),
});
const requests = fc.array(
  fc.record({ segments: fc.array(anySegment, { minLength: 1, maxLength: 30 }), minutes: fc.nat(40) }),
  { minLength: 1, maxLength: 12 },
);

describe('accountPrefix', () => {
  it('splits every prompt into parts that sum to the whole', () => {
    fc.assert(
      fc.property(requests, (asked) => {
        const cache = aCache();
        let nowMs = 0;
        for (const { segments, minutes } of asked) {
          nowMs += minutes * MINUTE_MS;
          const usage = cache.ask(segments, nowMs);
          expect(usage.uncachedTokens + usage.readTokens + writtenBy(usage)).toBe(totalOf(segments));
          expect(Math.min(usage.uncachedTokens, usage.readTokens, writtenBy(usage))).toBeGreaterThanOrEqual(
            0,
          );
        }
      }),
    );
  });

  it('never reads more than an earlier request has put into the cache', () => {
    fc.assert(
      fc.property(requests, (asked) => {
        const cache = aCache();
        let nowMs = 0;
        let longestKept = 0;
        for (const { segments, minutes } of asked) {
          nowMs += minutes * MINUTE_MS;
          const usage = cache.ask(segments, nowMs);
          expect(usage.readTokens).toBeLessThanOrEqual(longestKept);
          longestKept = Math.max(longestKept, usage.readTokens + writtenBy(usage));
        }
      }),
    );
  });

  it('reads the stable prefix and writes only what follows it', () => {
    const cache = aCache();
    const stable = [segment('tools', 2_000, '1h'), segment('directives', 1_000, '1h')];
    expect(cache.ask([...stable, segment('board 1', 800, '5m')]).writtenTokens).toEqual({
      '1h': 3_000,
      '5m': 800,
    });
    expect(cache.ask([...stable, segment('board 2', 700, '5m'), segment('ask', 9)])).toEqual({
      readTokens: 3_000,
      writtenTokens: { '1h': 0, '5m': 700 },
      uncachedTokens: 9,
    });
  });

  it('keeps a 5-minute prefix alive by reading it, and drops it when nobody does', () => {
    const prompt = [segment('prefix', 600, '5m')];
    const cache = aCache();
    cache.ask(prompt, 0);
    expect(cache.ask(prompt, 4 * MINUTE_MS).readTokens).toBe(600);
    expect(cache.ask(prompt, 8 * MINUTE_MS).readTokens).toBe(600);
    expect(cache.ask(prompt, 13 * MINUTE_MS).readTokens).toBe(0);
  });

  it('never caches a prefix below the minimum', () => {
    const prompt = [segment('short', 511, '5m')];
    const cache = aCache();
    cache.ask(prompt);
    expect(cache.ask(prompt)).toEqual({
      readTokens: 0,
      writtenTokens: { '1h': 0, '5m': 0 },
      uncachedTokens: 511,
    });
  });

  it('never reads across scopes', () => {
    const prompt = [segment('prefix', 600, '5m')];
    const cache = aCache();
    cache.ask(prompt);
    expect(cache.ask(prompt, 0, 'another model').readTokens).toBe(0);
  });

  it.each([
    ['finds', LOOKBACK_SEGMENTS - 1, 600],
    ['misses', LOOKBACK_SEGMENTS, 0],
  ])('%s a prefix that ends %i segments before the breakpoint', (_verb, distance, readTokens) => {
    const cache = aCache();
    cache.ask([segment('old turn', 600, '5m')]);
    const added = Array.from({ length: distance }, (_, index) =>
      segment(`added ${index}`, 10, index === distance - 1 ? '5m' : null),
    );
    expect(cache.ask([segment('old turn', 600), ...added]).readTokens).toBe(readTokens);
  });
});
