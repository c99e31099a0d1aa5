import { newUuid } from '#contracts';
import type { Tx } from '#database';

/** Tasks that ended long ago, with the events that say so: every tenth has failed. */
export async function insertFinished(tx: Tx, missionId: string, tasks: number): Promise<void> {
  const ids = Array.from({ length: tasks }, newUuid);
  const eventIds = Array.from({ length: tasks }, newUuid);
  await tx.db.$executeRaw`
    INSERT INTO task (tenant_id, id, mission_id, number, title, instructions, state, state_reason, metadata, result, completed_at)
    SELECT m.tenant_id, made.id, m.id, m.last_task_number + place, 'Catalogue box ' || place || ' of the photo archive', '',
           CASE WHEN place % 10 = 0 THEN 'failed' ELSE 'completed' END, CASE WHEN place % 10 = 0 THEN 'not_retryable' END, '{}',
           jsonb_build_object('summary', 'Named, dated and filed the ' || place || ' prints of box ' || place || '.', 'output', null, 'artifacts', '[]'::jsonb),
           CASE WHEN place % 10 = 0 THEN NULL ELSE now() END
      FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS made (id, place), mission m
     WHERE m.tenant_id = ${tx.tenantId}::uuid AND m.id = ${missionId}::uuid`;
  await tx.db.$executeRaw`
    INSERT INTO event (tenant_id, id, mission_id, seq, type, task_id, actor_kind, body)
    SELECT m.tenant_id, made.id, m.id, m.last_event_seq + place, 'task.' || t.state, t.id, 'system',
           jsonb_build_object('title', t.title, 'state', t.state, 'generation', 1)
      FROM unnest(${ids}::uuid[], ${eventIds}::uuid[]) WITH ORDINALITY AS made (task_id, id, place), mission m, task t
     WHERE m.tenant_id = ${tx.tenantId}::uuid AND m.id = ${missionId}::uuid AND t.tenant_id = m.tenant_id AND t.id = made.task_id`;
  await tx.db.$executeRaw`
    UPDATE mission SET last_task_number = last_task_number + ${tasks}, last_event_seq = last_event_seq + ${tasks},
           tasks_failed = tasks_failed + ${Math.floor(tasks / 10)},
           tasks_completed = tasks_completed + ${tasks - Math.floor(tasks / 10)}, task_ends = NULL
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${missionId}::uuid`;
}
