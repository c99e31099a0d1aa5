import type { Tx } from '#database';

/** Moves the leases of what a killed process held into the past, which is what waiting for them would do. */
export async function abandon(tx: Tx): Promise<void> {
  const tenant = tx.tenantId;
  await tx.db.$executeRaw`
    UPDATE mission SET wave_lease_until = now() - interval '1 s' WHERE tenant_id = ${tenant}::uuid AND wave_id IS NOT NULL`;
  await tx.db.$executeRaw`
    UPDATE attempt SET lease_until = now() - interval '1 s' WHERE tenant_id = ${tenant}::uuid AND state = 'leased'`;
  await tx.db.$executeRaw`
    UPDATE model_call SET deadline_at = now() - interval '1 s' WHERE tenant_id = ${tenant}::uuid AND state = 'sent'`;
}

/** How often each task of a mission was completed, by its events: the least and the most. */
export async function completionsPerTask(tx: Tx): Promise<{ tasks: number; least: number; most: number }> {
  const [row] = await tx.db.$queryRaw<{ tasks: number; least: number; most: number }[]>`
    SELECT count(*)::int AS tasks, coalesce(min(times), 0)::int AS least, coalesce(max(times), 0)::int AS most
      FROM (SELECT count(e.id) AS times FROM task t
              LEFT JOIN event e ON e.tenant_id = t.tenant_id AND e.task_id = t.id AND e.type = 'task.completed'
             WHERE t.tenant_id = ${tx.tenantId}::uuid GROUP BY t.id) AS completions`;
  if (row === undefined) throw new Error('a count has no row');
  return row;
}
