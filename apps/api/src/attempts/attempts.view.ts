import { encodeId, type Attempt } from '#contracts';
import type { AttemptRead } from '#ledger';

export function attemptView(attempt: AttemptRead): Attempt {
  return {
    id: encodeId('attempt', attempt.id),
    task_id: encodeId('task', attempt.taskId),
    number: attempt.number,
    state: attempt.state,
    pool: attempt.pool,
    worker: attempt.worker,
    lease_expires_at: attempt.leaseUntil?.toISOString() ?? null,
    started_at: attempt.startedAt?.toISOString() ?? null,
    ended_at: attempt.endedAt?.toISOString() ?? null,
    result: attempt.result,
    late_result: attempt.lateResult,
    error: attempt.error,
    usage: attempt.usage,
    progress: attempt.progress,
    message: attempt.progressMessage,
  };
}
