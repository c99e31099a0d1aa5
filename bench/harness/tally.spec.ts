import { cachedShare, cacheWeighted, dollars, NO_REQUESTS, plus } from './tally.js';
import { arrivesCold, byWeather } from './weather.js';

const tally = [
  { input: 100, cacheWrite5m: 40, cacheWrite1h: 60, cacheRead: 800, output: 10 },
  { input: 0, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 2_000, output: 20 },
].reduce(plus, NO_REQUESTS);

describe('a tally', () => {
  it('sums requests by kind and remembers the largest', () => {
    expect(tally).toEqual({
      requests: 2,
      largest_request: 2_000,
      input_tokens: 3_000,
      uncached: 100,
      cache_write_5m: 40,
      cache_write_1h: 60,
      cache_read: 2_800,
      output_tokens: 30,
    });
    expect(cachedShare(tally)).toBe(0.933);
    expect(cachedShare(NO_REQUESTS)).toBe(0);
  });

  it('weighs what was written at 1.25 and what was read at 0.1', () => {
    expect(cacheWeighted(tally)).toBe(100 + 125 + 280);
  });

  it('is charged at the list prices of each kind, output included', () => {
    const million = {
      ...NO_REQUESTS,
      uncached: 1e6,
      cache_write_5m: 1e6,
      cache_write_1h: 1e6,
      cache_read: 1e6,
    };
    expect(dollars('claude-opus-5-5', { ...million, output_tokens: 1e6 })).toBe(4 + 5 + 8 + 0.2 + 20);
  });
});

describe('the weather', () => {
  it('finds no burst, every fourth burst, or every burst cold', () => {
    const coldOfEight = byWeather(
      (weather) =>
        Array.from({ length: 8 }, (_burst, index) => arrivesCold(weather, index)).filter(Boolean).length,
    );
    expect(coldOfEight).toEqual({ always_warm: 0, quarter_cold: 2, always_cold: 8 });
  });
});
