import type { MissionInput } from '#contracts';
import type { Transactions } from '#database';
import type { CountedUsage } from '#model';
import { BenchMission, type ArrivingTask, type AskedRequest } from './bench-mission.js';
import { NO_REQUESTS, plus, type Tally } from './tally.js';
import { byWeather, WEATHERS, WeatheredMeter, type ByWeather } from './weather.js';

/** How tasks arrive: so many at once, and whether results come in before the next ones arrive or together with them. */
export interface Rhythm {
  readonly burst: number;
  readonly results: 'before_next_burst' | 'with_next_burst';
}

/** What is told of a request to whoever watches a play. */
export interface PlayedRequest extends AskedRequest {
  /** The burst, counted from 0, during which it was sent. */
  readonly burst: number;
  readonly usage: ByWeather<CountedUsage>;
}

export interface Play {
  readonly transactions: Transactions;
  readonly mission: Partial<MissionInput>;
  readonly tasks: readonly ArrivingTask[];
  readonly rhythm: Rhythm;
  readonly onRequest?: (request: PlayedRequest) => void;
  readonly onBurst?: (tasksArrived: number) => void;
}

export interface Played {
  readonly waves: number;
  readonly tasks_completed: number;
  readonly tallies: ByWeather<Tally>;
}

/** Lets tasks arrive at a mission in a rhythm until all are done, and measures every request under each weather. */
export async function play({ transactions, mission: input, tasks, rhythm, ...watch }: Play): Promise<Played> {
  const meters = byWeather((weather) => new WeatheredMeter(weather));
  const tallies = new Map(WEATHERS.map((weather) => [weather, NO_REQUESTS]));
  let burst = 0;
  const mission = await BenchMission.begin(transactions, input, (asked) => {
    const usage = byWeather((weather) => usageOf(asked, meters[weather]));
    for (const weather of WEATHERS)
      tallies.set(weather, plus(tallies.get(weather) ?? NO_REQUESTS, usage[weather]));
    watch.onRequest?.({ ...asked, burst, usage });
    return asked.answer;
  });
  try {
    let [waves, completed] = [0, 0];
    for (let first = 0; first < tasks.length; first += rhythm.burst, burst += 1) {
      for (const weather of WEATHERS) meters[weather].beginBurst(burst);
      await mission.arrive(tasks.slice(first, first + rhythm.burst));
      waves += await mission.conduct();
      completed += await mission.work();
      if (rhythm.results === 'before_next_burst') waves += await mission.conduct();
      watch.onBurst?.(Math.min(tasks.length, first + rhythm.burst));
    }
    waves += await mission.conduct();
    return {
      waves,
      tasks_completed: completed,
      tallies: byWeather((weather) => tallies.get(weather) ?? NO_REQUESTS),
    };
  } finally {
    await mission.end();
  }
}

function usageOf({ body, answer }: AskedRequest, meter: WeatheredMeter): CountedUsage {
  const { uncachedTokens, readTokens, writtenTokens } = meter.measure(body);
  return {
    input: uncachedTokens,
    cacheWrite5m: writtenTokens['5m'],
    cacheWrite1h: writtenTokens['1h'],
    cacheRead: readTokens,
    output: answer.usage.output,
  };
}
