import type { Event as LedgerEvent } from '../api/generated/types.gen.js';
import { words } from './format.js';
import type { Tone } from './state-tone.js';

export interface EventLine {
  /** "task completed" */
  readonly what: string;
  /** What of it: a ref, a title, a reason; empty when the event says no more. */
  readonly detail: string;
  readonly tone: Tone;
  /** Where it is shown whole. */
  readonly to: string | null;
}

export function eventLine(event: LedgerEvent): EventLine {
  return {
    what: words(event.type.replace('.', ' ')),
    detail: DETAILS.flatMap((name) => textOf(event.data[name])).join(' · '),
    tone: toneOfEvent(event.type),
    to: addressOf(event),
  };
}

/** The parts of an event's data that people read, in this order. */
const DETAILS = [
  'ref',
  'title',
  'number',
  'reason',
  'message',
  'summary',
  'prompt',
  'text',
  'value',
  'stop_reason',
];
const DETAIL_CHARACTERS_MAX = 140;

function textOf(value: unknown): string[] {
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'string' || value === '') return [];
  return [value.length > DETAIL_CHARACTERS_MAX ? `${value.slice(0, DETAIL_CHARACTERS_MAX)}…` : value];
}

function toneOfEvent(type: string): Tone {
  if (/(failed|aborted|stalled|budget_reached|provider_blocked|overcommitted|rejected)$/.test(type))
    return 'bad';
  if (
    /(expired|input_required|reminded|warning|threshold_reached|late)$/.test(type) ||
    type === 'input_request.created'
  )
    return 'warn';
  if (/(completed|committed|succeeded|answered|accepted)$/.test(type)) return 'good';
  return /(started|dispatched|rotated|resumed|retried)$/.test(type) ? 'busy' : 'idle';
}

function addressOf({ task_id: task, wave_id: wave }: LedgerEvent): string | null {
  if (task !== null) return `/tasks/${task}`;
  return wave === null ? null : `/waves/${wave}`;
}

/** Who did it, as people say it. */
export function actorText({ kind, id }: LedgerEvent['actor']): string {
  if (kind === 'wave') return 'a conductor';
  if (kind === 'worker') return id === null ? 'a worker' : `worker ${id}`;
  if (kind === 'person') return 'a person';
  return kind === 'key' ? 'a program' : 'the service';
}
