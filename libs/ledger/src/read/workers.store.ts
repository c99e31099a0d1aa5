import { WORKERS_SHOWN_MAX } from '#contracts';
import type { Tx } from '#database';

export interface WorkerRead {
  readonly pool: string;
  readonly worker: string;
  readonly working: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly expired: number;
  readonly lastSeenAt: Date;
}

/** Who holds an attempt, or has taken one within the last day; who was seen last comes first. */
export async function listWorkers(tx: Tx, missionId: string | null): Promise<WorkerRead[]> {
  return tx.db.$queryRaw<WorkerRead[]>`
    SELECT pool, worker, (count(*) FILTER (WHERE state = 'leased'))::int AS working,
           (count(*) FILTER (WHERE state = 'succeeded'))::int AS succeeded,
           (count(*) FILTER (WHERE state = 'failed'))::int AS failed,
           (count(*) FILTER (WHERE state = 'expired'))::int AS expired,
           max(greatest(started_at, ended_at)) AS "lastSeenAt"
      FROM attempt
     WHERE tenant_id = ${tx.tenantId}::uuid AND worker IS NOT NULL AND started_at IS NOT NULL
       AND (${missionId}::uuid IS NULL OR mission_id = ${missionId}::uuid)
       AND (state = 'leased' OR started_at > clock_timestamp() - interval '24 hours')
     GROUP BY pool, worker
     ORDER BY "lastSeenAt" DESC, pool, worker LIMIT ${WORKERS_SHOWN_MAX}`;
}
