import { converse, type Turn } from './conversation.js';
import { REPORTED, reportedTally } from './reported.js';

const turns: Turn[] = Array.from({ length: 400 }, (_turn, index) => ({
  newsTokens: 275,
  outputTokens: 100,
  burst: Math.floor(index / 2),
}));
const PREFIX = { prefixTokens: 2_000 };

describe('reportedTally', () => {
  it('sums up to what was reported, to a thousandth', () => {
    const { input_tokens, requests, largest_request } = reportedTally('always_warm', 1);
    expect(requests).toBe(REPORTED.turns);
    expect(largest_request).toBe(REPORTED.last_request_tokens);
    expect(Math.abs(input_tokens / REPORTED.input_tokens - 1)).toBeLessThan(0.001);
  });

  it('costs more the colder the cache is, for the same tokens', () => {
    const [warm, cold] = [reportedTally('always_warm', 8), reportedTally('always_cold', 8)];
    expect(cold.input_tokens).toBe(warm.input_tokens);
    expect(cold.cache_write_5m).toBeGreaterThan(100 * warm.cache_write_5m);
  });
});

describe('converse', () => {
  it('carries everything that was said, and writes each token to a warm cache once', () => {
    const { tally, compactions } = converse({ ...PREFIX, compactAtTokens: null }, turns, 'always_warm');
    expect(compactions).toBe(0);
    expect(tally.largest_request).toBe(2_000 + 400 * 300 + 399 * 100);
    expect(tally.cache_write_5m).toBe(tally.largest_request);
  });

  it('writes everything again when a burst finds the cache cold, and within a burst only what is new', () => {
    const { tally } = converse({ ...PREFIX, compactAtTokens: null }, turns.slice(0, 4), 'always_cold');
    expect(tally.cache_write_5m).toBe(2_300 + 400 + 3_100 + 400);
  });

  it('exceeds its limit only by the question for a summary, and pays for each', () => {
    const { tally, compactions } = converse({ ...PREFIX, compactAtTokens: 50_000 }, turns, 'always_warm');
    expect(compactions).toBe(3);
    expect(tally.largest_request).toBeLessThanOrEqual(50_100);
    expect(tally.requests).toBe(400 + 3);
  });

  it('says after how many turns a window would have been full', () => {
    const { past_window } = converse({ ...PREFIX, compactAtTokens: null }, turns, 'always_warm');
    expect(past_window).toEqual({ '200000': null, '1000000': null });
    const longer = converse({ ...PREFIX, compactAtTokens: null }, [...turns, ...turns], 'always_warm');
    expect(longer.past_window['200000']).toBe(496);
  });
});
