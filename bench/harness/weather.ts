import { PromptMeter } from '../../apps/simulator/src/index.js';

/** How often the provider's cache has gone cold when a burst of work arrives. */
export const WEATHERS = ['always_warm', 'quarter_cold', 'always_cold'] as const;
export type Weather = (typeof WEATHERS)[number];

/** One table per weather. */
export type ByWeather<Value> = Readonly<Record<Weather, Value>>;

/** Whether everything that was cached has expired when this burst, counted from 0, arrives. */
export function arrivesCold(weather: Weather, burst: number): boolean {
  return weather === 'always_cold' || (weather === 'quarter_cold' && burst % 4 === 3);
}

export function byWeather<Value>(valueOf: (weather: Weather) => Value): ByWeather<Value> {
  return {
    always_warm: valueOf('always_warm'),
    quarter_cold: valueOf('quarter_cold'),
    always_cold: valueOf('always_cold'),
  };
}

export const WEATHER_ASSUMPTIONS: readonly string[] = [
  'within a burst every request finds the cache warm: what happens in a burst happens within five minutes',
  'always_warm: so does the first request of every burst',
  'quarter_cold: every fourth burst finds nothing in the cache; always_cold: every burst does, the one-hour part included',
];

/** Longer than anything stays cached. */
const COLD_GAP_MS = 7_200_000;

/** The simulator's prefix cache under one weather: fed with the requests that were sent, it says what they would have cost. */
export class WeatheredMeter {
  private nowMs = 0;
  private readonly meter = new PromptMeter(() => this.nowMs);

  constructor(private readonly weather: Weather) {}

  beginBurst(burst: number): void {
    if (arrivesCold(this.weather, burst)) this.nowMs += COLD_GAP_MS;
  }

  measure(body: unknown) {
    return this.meter.measure(body, 'bench');
  }
}
