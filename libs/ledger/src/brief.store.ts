import { taskResultSchema, type Brief, type Json } from '#contracts';
import type { AttemptRow } from './attempt.store.js';
import { DIRECTIVES_PER_MISSION_MAX } from './directive.store.js';
import { refOf } from './domain/refs.js';
import type { MissionLedger } from './mission-ledger.js';
import type { TaskRow } from './task.store.js';

const DEPENDENCIES_IN_BRIEF_MAX = 20;
const DEPENDENCY_SUMMARY_CHARACTERS_MAX = 1_000;

/** All that a worker needs to do its task: the objective, the directives, the task, and what its dependencies came to. */
export async function readBrief(ledger: MissionLedger, task: TaskRow, attempt: AttemptRow): Promise<Brief> {
  const { tx, mission } = ledger;
  const directives = await tx.db.directive.findMany({
    where: { tenantId: tx.tenantId, missionId: mission.id, state: 'accepted' },
    orderBy: { number: 'asc' },
    take: DIRECTIVES_PER_MISSION_MAX,
    select: { number: true, text: true },
  });
  const dependencies = await tx.db.taskDependency.findMany({
    where: { tenantId: tx.tenantId, taskId: task.id },
    orderBy: { dependsOn: { number: 'asc' } },
    take: DEPENDENCIES_IN_BRIEF_MAX,
    select: { dependsOn: { select: { number: true, title: true, result: true } } },
  });
  const outcome = outcomeOf(task);
  return {
    mission: { title: mission.title, objective: mission.objective },
    directives: directives.map(({ number, text }) => ({ ref: refOf('D', number), text })),
    task: {
      ref: refOf('T', task.number),
      title: task.title,
      instructions: task.instructions,
      acceptance_criteria: task.acceptanceCriteria,
    },
    dependencies: dependencies.map(({ dependsOn }) => ({
      ref: refOf('T', dependsOn.number),
      title: dependsOn.title,
      summary: summaryOf(dependsOn.result),
    })),
    attempt: { number: attempt.number, idempotency_key: task.id, feedback: task.feedback },
    ...(outcome === undefined ? {} : { outcome }),
  };
}

function summaryOf(result: unknown): string {
  const parsed = taskResultSchema.partial().safeParse(result);
  return (parsed.data?.summary ?? '').slice(0, DEPENDENCY_SUMMARY_CHARACTERS_MAX);
}

function outcomeOf(task: TaskRow): Json | undefined {
  const { metadata } = task;
  if (metadata === null || typeof metadata !== 'object' || Array.isArray(metadata)) return undefined;
  return metadata.outcome as Json | undefined; // stored from the caller's JSON
}
