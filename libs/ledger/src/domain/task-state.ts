import type { TaskState } from '#contracts';
import type { TransitionTable } from './machine.js';

/**
 * What can happen to a task. `return` takes it from a worker or a review back to the queue; `retry_blocked` is a retry
 * of a task whose dependencies have not all completed. What waits for a person goes back to the queue with the answer,
 * or to its review when it has a result, or is completed by an approval.
 */
export type TaskAction =
  | 'unblock'
  | 'start'
  | 'return'
  | 'complete'
  | 'fail'
  | 'cancel'
  | 'ask'
  | 'answer'
  | 'review'
  | 'approve'
  | 'retry'
  | 'retry_blocked';

export const TASK_TRANSITIONS: TransitionTable<TaskState, TaskAction> = {
  blocked: { unblock: 'queued', cancel: 'canceled' },
  queued: {
    start: 'working',
    complete: 'completed',
    fail: 'failed',
    cancel: 'canceled',
    ask: 'input_required',
  },
  working: {
    return: 'queued',
    complete: 'completed',
    fail: 'failed',
    cancel: 'canceled',
    ask: 'input_required',
  },
  input_required: {
    answer: 'queued',
    review: 'working',
    approve: 'completed',
    cancel: 'canceled',
    fail: 'failed',
  },
  completed: {},
  failed: { retry: 'queued', retry_blocked: 'blocked' },
  canceled: { retry: 'queued', retry_blocked: 'blocked' },
};

/** Why a task is where it is, when its state alone does not say. */
export const TASK_REASONS = {
  awaitingReview: 'awaiting_review',
  revisionRequested: 'revision_requested',
  attemptFailed: 'attempt_failed',
  failuresExhausted: 'failures_exhausted',
  expiriesExhausted: 'expiries_exhausted',
  notRetryable: 'not_retryable',
  rejectedInReview: 'rejected_in_review',
  dependencyFailed: 'dependency_failed',
  awaitingAnswer: 'awaiting_answer',
  awaitingApproval: 'awaiting_approval',
  dispatchRejected: 'dispatch_rejected',
  inputExpired: 'input_expired',
  missionCanceled: 'mission_canceled',
} as const;

/** Open tasks keep a mission from completing. */
export function openTaskCount(counts: Readonly<Record<TaskState, number>>): number {
  return counts.blocked + counts.queued + counts.working + counts.input_required;
}
