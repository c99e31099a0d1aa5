import type { InputRequest } from '../../api/generated/types.gen.js';
import { count, relativeTime } from '../../ui/format.js';

/** What becomes of it when nobody answers, and until when somebody can. */
export function deadlineText(
  { deadline_at: at, default: fallback, on_timeout: then }: InputRequest,
  now: number,
): string {
  if (at === null || then === null) return 'Waits until it is answered.';
  const outcome = {
    default: `then: ${labelless(fallback ?? '')}`,
    hold: 'then the mission stops and asks how to go on',
    fail: 'then what waits for it fails',
  }[then];
  return `Times out ${relativeTime(at, now)}, ${outcome}.`;
}

function labelless(value: string): string {
  return value.replaceAll('_', ' ');
}

export function blocksText({ blocks }: InputRequest): string {
  return blocks.length === 0
    ? 'nothing waits for it'
    : `${count(blocks.length, 'task')} ${blocks.length === 1 ? 'waits' : 'wait'} for it`;
}

/** A question of a closed set takes one of its values; a text takes anything that is not empty. */
export function canAnswer({ kind, options }: InputRequest, value: string): boolean {
  return kind === 'text' ? value.trim() !== '' : options.some((option) => option.value === value);
}

/** "you decide": what would be answered if nobody did; null when there is no such thing. */
export function defaultOption({ default: value, options }: InputRequest): string | null {
  if (value === null) return null;
  return options.find((option) => option.value === value)?.label ?? value;
}

/** The next question in a direction; stays at either end. */
export function nextPlace(place: number, by: 1 | -1, length: number): number {
  return Math.min(Math.max(0, length - 1), Math.max(0, place + by));
}
