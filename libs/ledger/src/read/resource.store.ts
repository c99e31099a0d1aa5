import type { Prisma, Tx } from '#database';

/** What an address can name. */
export type ResourceKind =
  | 'mission'
  | 'task'
  | 'attempt'
  | 'wave'
  | 'directive'
  | 'inputRequest'
  | 'schedule'
  | 'artifact'
  | 'endpoint'
  | 'delivery'
  | 'apiKey';

/** A row that exists, and the mission it belongs to: null when it is the tenant's own. */
export interface Resource {
  readonly id: string;
  readonly missionId: string | null;
}

/** Finds the row that an address names; null when this tenant has none. */
export async function findResource(tx: Tx, kind: ResourceKind, id: string): Promise<Resource | null> {
  const found = await FIND[kind](tx.db, { tenantId_id: { tenantId: tx.tenantId, id } });
  if (found === null) return null;
  return { id, missionId: 'missionId' in found ? found.missionId : id };
}

interface ByKey {
  readonly tenantId_id: { readonly tenantId: string; readonly id: string };
}
type Find = (
  db: Prisma.TransactionClient,
  where: ByKey,
) => Promise<{ missionId: string | null } | { id: string } | null>;

const select = { missionId: true } as const;
const FIND: Record<ResourceKind, Find> = {
  mission: (db, where) => db.mission.findUnique({ where, select: { id: true } }),
  task: (db, where) => db.task.findUnique({ where, select }),
  attempt: (db, where) => db.attempt.findUnique({ where, select }),
  wave: (db, where) => db.wave.findUnique({ where, select }),
  directive: (db, where) => db.directive.findUnique({ where, select }),
  inputRequest: (db, where) => db.inputRequest.findUnique({ where, select }),
  schedule: (db, where) => db.schedule.findUnique({ where, select }),
  artifact: (db, where) => db.artifact.findUnique({ where, select }),
  endpoint: (db, where) => db.webhookEndpoint.findUnique({ where, select }),
  // its endpoint's mission: a key that is bound to one sees what was sent to its own endpoints
  delivery: async (db, where) =>
    (await db.webhookDelivery.findUnique({ where, select: { endpoint: { select } } }))?.endpoint ?? null,
  apiKey: (db, where) => db.apiKey.findUnique({ where, select }),
};
