import type { SystemTx } from '#database';
import type { PickedMission } from '#dispatch';

/** What the fair pick is compared with: whichever mission has been due longest, whosever it is. */
export async function pickFirstCome(system: SystemTx): Promise<PickedMission | null> {
  const [row] = await system.db.$queryRaw<{ tenant_id: string; id: string }[]>`
    SELECT tenant_id, id FROM mission
     WHERE state = 'active' AND holds = '{}' AND wave_id IS NULL AND wave_due_at <= clock_timestamp()
     ORDER BY wave_due_at
     LIMIT 1
       FOR UPDATE SKIP LOCKED`;
  return row === undefined ? null : { tenantId: row.tenant_id, missionId: row.id };
}
