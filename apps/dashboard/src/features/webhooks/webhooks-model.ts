import type { Delivery } from '../../api/generated/types.gen.js';
import { count, relativeTime } from '../../ui/format.js';

/** What the last try came to: "503 after 120 ms", "connection refused", "not tried yet". */
export function lastTryText({ tries }: Delivery): string {
  const last = tries.at(-1);
  if (last === undefined) return 'not tried yet';
  return last.status === null ? (last.error ?? 'no answer') : `${last.status} in ${last.duration_ms} ms`;
}

/** How it goes on. */
export function goesOn({ state, tries, next_try_at: next }: Delivery, now: number): string {
  if (state === 'delivered') return count(tries.length, 'try', 'tries');
  if (state === 'dead') return `given up after ${count(tries.length, 'try', 'tries')}`;
  return next === null ? 'waiting' : `next try ${relativeTime(next, now)}`;
}

/** When a delivery on the screen is tried next: what is shown is worth reading again a moment later. Null: never. */
export function nextLookMs(deliveries: readonly Delivery[], now: number): number | null {
  const times = deliveries.flatMap(({ state, next_try_at: at }) =>
    state === 'pending' ? [at === null ? now : Date.parse(at)] : [],
  );
  return times.length === 0 ? null : Math.max(LOOK_MS_MIN, Math.min(...times) - now + LOOK_MS_MIN);
}

const LOOK_MS_MIN = 1_500;

/** Patterns of event types, as a person types them: separated by spaces or commas; nothing is everything. */
export function patternsTyped(text: string): string[] {
  const patterns = text.split(/[\s,]+/).filter((pattern) => pattern !== '');
  return patterns.length === 0 ? ['*'] : [...new Set(patterns)];
}

/** So many hours ago, as the API takes it. */
export function since(hours: number, now: number): string {
  return new Date(now - hours * 3_600_000).toISOString();
}
