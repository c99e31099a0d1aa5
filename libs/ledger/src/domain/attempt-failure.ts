import { TASK_REASONS } from './task-state.js';

/** What follows a failed or expired attempt. */
export type AttemptFailureOutcome =
  | { readonly kind: 'return_to_queue'; readonly readyAt: Date }
  | { readonly kind: 'offer_again'; readonly availableAt: Date }
  | { readonly kind: 'fail_task'; readonly reason: string };

interface FailureLimits {
  readonly failures_max: number;
  readonly expiries_max: number;
  readonly backoff_ms: number;
}

const BACKOFF_MS_MAX = 900_000;

/** A worker said that it failed: the conductor looks at it and dispatches again, not before the back-off has passed. */
export function afterFailure(
  failures: number,
  retryable: boolean,
  limits: FailureLimits,
  now: Date,
): AttemptFailureOutcome {
  if (!retryable) return { kind: 'fail_task', reason: TASK_REASONS.notRetryable };
  if (failures >= limits.failures_max) return { kind: 'fail_task', reason: TASK_REASONS.failuresExhausted };
  const backoffMs = Math.min(BACKOFF_MS_MAX, limits.backoff_ms * 2 ** (failures - 1));
  return { kind: 'return_to_queue', readyAt: new Date(now.getTime() + backoffMs) };
}

/** A lease ran out: the worker is gone, which is not the task's fault, so it is offered again without the conductor. */
export function afterExpiry(expiries: number, limits: FailureLimits, now: Date): AttemptFailureOutcome {
  if (expiries >= limits.expiries_max) return { kind: 'fail_task', reason: TASK_REASONS.expiriesExhausted };
  return { kind: 'offer_again', availableAt: now };
}
