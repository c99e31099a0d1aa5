import process from 'node:process';

/** Every place where two effects meet: a kill here is what the recovery must survive. */
export const CRASH_POINTS = [
  'migration.before_commit',
  'start.tenant_made',
  'api.command.before_commit',
  'api.command.after_commit',
  'commit.before_ring',
  'sweep.before_ring',
  'wave.opened',
  'wave.packed',
  'wave.after_request',
  'wave.before_commit',
  'wave.after_commit',
  'attempt.claimed',
  'attempt.after_request',
  'attempt.before_complete',
  'attempt.after_complete',
  'delivery.claimed',
  'delivery.sent',
  'digest.after_request',
  'schedule.before_commit',
  'schedule.after_commit',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

let armed: { label: string; remaining: number } | null = null;

/** Arms `label#n`: this process kills itself, without a farewell, at the n-th passing. Null disarms. */
export function armCrashPoint(crashAt: string | null): void {
  const [label, count] = (crashAt ?? '').split('#');
  armed = label === undefined || count === undefined ? null : { label, remaining: Number(count) };
}

/** Passing a named point; free unless armed. */
export function crashPoint(label: CrashPoint): void {
  if (armed?.label !== label) return;
  armed.remaining -= 1;
  if (armed.remaining === 0) process.kill(process.pid, 'SIGKILL');
}
