import type { z } from 'zod';
import {
  encodeId,
  encodeOptionalId,
  NEIGHBOURHOOD_TASKS_MAX,
  type Json,
  type neighbourhoodSchema,
  type Task,
  type TaskSummary,
} from '#contracts';
import { refOf, type NeighbourRead, type TaskRead, type TaskSummaryRead } from '#ledger';
import { attemptView } from '../attempts/attempts.view.js';

/** A task as lists return it. */
export function taskSummaryView(task: TaskSummaryRead): TaskSummary {
  return {
    id: encodeId('task', task.id),
    ref: refOf('T', task.number),
    key: task.key,
    mission_id: encodeId('mission', task.missionId),
    title: task.title,
    state: task.state,
    state_reason: task.stateReason,
    worker: task.worker,
    priority: task.priority,
    depends_on: task.dependencies.map((dependency) => encodeId('task', dependency.dependsOnId)),
    acceptance_criteria: task.acceptanceCriteria,
    generation: task.generation,
    created_by_wave: encodeOptionalId('wave', task.createdByWave),
    reviewed_by_wave: encodeOptionalId('wave', task.reviewedByWave),
    digest_id: encodeOptionalId('digest', cardIdOf(task)),
    callback_url: task.callbackUrl,
    metadata: task.metadata as Record<string, Json>, // written from a parsed body
    created_at: task.createdAt.toISOString(),
    updated_at: task.updatedAt.toISOString(),
    completed_at: task.completedAt?.toISOString() ?? null,
  };
}

/** The card of how the task has ended; an earlier generation's is not it. */
function cardIdOf({ digests, generation }: TaskSummaryRead): string | null {
  return digests.find((card) => card.generation === generation)?.id ?? null;
}

export function taskView(task: TaskRead): Task {
  return {
    ...taskSummaryView(task),
    instructions: task.instructions,
    result: task.result,
    attempts: task.attempts.map(attemptView),
  };
}

export function neighbourhoodView(rows: readonly NeighbourRead[]): z.output<typeof neighbourhoodSchema> {
  return {
    data: rows.slice(0, NEIGHBOURHOOD_TASKS_MAX).map((task) => ({
      id: encodeId('task', task.id),
      ref: refOf('T', task.number),
      title: task.title,
      state: task.state,
      depends_on: task.dependsOn.map((id) => encodeId('task', id)),
    })),
    cut: rows.length > NEIGHBOURHOOD_TASKS_MAX,
  };
}
