/** Failures of somebody who tries to sign in, counted from the first of them. */
export interface FailedTries {
  readonly count: number;
  readonly sinceMs: number;
}

/** Failures are forgotten together, this long after the first. */
export const TRIES_WINDOW_MS = 15 * 60 * 1_000;

/** The failures with one more; a window that has passed begins anew. */
export function addFailure(before: FailedTries | undefined, nowMs: number): FailedTries {
  if (before === undefined || isOver(before, nowMs)) return { count: 1, sinceMs: nowMs };
  return { ...before, count: before.count + 1 };
}

/** Whole seconds until another try is heard; 0 when one may be made now. */
export function waitSeconds(tries: FailedTries | undefined, triesMax: number, nowMs: number): number {
  if (tries === undefined || tries.count < triesMax || isOver(tries, nowMs)) return 0;
  return Math.max(1, Math.ceil((tries.sinceMs + TRIES_WINDOW_MS - nowMs) / 1_000));
}

function isOver({ sinceMs }: FailedTries, nowMs: number): boolean {
  return nowMs >= sinceMs + TRIES_WINDOW_MS;
}
