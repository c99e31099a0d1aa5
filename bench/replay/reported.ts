import type { CountedUsage } from '#model';
import { NO_REQUESTS, plus, type Tally } from '../harness/tally.js';
import { arrivesCold, type Weather } from '../harness/weather.js';

/** The case as it was reported: one conversation whose every turn carries all turns before it. */
export const REPORTED = {
  turns: 2_227,
  first_request_tokens: 29_884,
  last_request_tokens: 357_449,
  input_tokens: 431_300_000,
} as const;

/** The reported requests again, growing evenly from the first to the last, in bursts of so many turns. */
export function reportedTally(weather: Weather, burst: number): Tally {
  let tally = NO_REQUESTS;
  let cached = 0;
  for (let turn = 0; turn < REPORTED.turns; turn += 1) {
    if (turn % burst === 0 && arrivesCold(weather, turn / burst)) cached = 0;
    const input = requestTokens(turn);
    const usage: CountedUsage = {
      input: 0,
      cacheWrite5m: input - cached,
      cacheWrite1h: 0,
      cacheRead: cached,
      output: 0,
    };
    tally = plus(tally, usage);
    cached = input;
  }
  return tally;
}

function requestTokens(turn: number): number {
  const { turns, first_request_tokens: first, last_request_tokens: last } = REPORTED;
  return Math.round(first + ((last - first) * turn) / (turns - 1));
}
