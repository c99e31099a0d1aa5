/** How a state feels: what needs somebody, what goes well, what is over. Text says the same; colour never says it alone. */
export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'idle';

const TONES: Readonly<Record<string, Tone>> = {
  active: 'busy',
  paused: 'idle',
  archived: 'idle',
  canceled: 'idle',
  completed: 'good',
  budget_reached: 'bad',
  stalled: 'bad',
  overcommitted: 'bad',
  provider_blocked: 'bad',
  input_required: 'warn',
  blocked: 'idle',
  queued: 'idle',
  working: 'busy',
  failed: 'bad',
  running: 'busy',
  committed: 'good',
  aborted: 'bad',
  offered: 'idle',
  leased: 'busy',
  succeeded: 'good',
  expired: 'warn',
  open: 'warn',
  answered: 'good',
  pending: 'busy',
  delivered: 'good',
  dead: 'bad',
  enabled: 'good',
  disabled: 'idle',
  accepted: 'good',
  proposed: 'warn',
  rejected: 'bad',
  retired: 'idle',
  applied: 'good',
  ok: 'good',
  soft: 'warn',
  hard: 'bad',
};

export function toneOf(state: string): Tone {
  return TONES[state] ?? 'idle';
}

/** Drawn as a ring: what waits, beside what is over in the same colour. */
export function isWaiting(state: string): boolean {
  return ['queued', 'blocked', 'offered', 'pending', 'proposed'].includes(state);
}
