import type { Hold, MissionStatus } from '#contracts';
import type { Prisma, Tx } from '#database';
import { olderThan, type PageStart } from '#tenancy';
import { missionStatus } from '../domain/mission-state.js';
import { lockMission, readMission, toMissionRow, type MissionRow } from '../mission.store.js';

/** A mission with the state that callers see. */
export type MissionRead = MissionRow & { readonly status: MissionStatus };

export async function readMissionStatus(tx: Tx, missionId: string): Promise<MissionRead> {
  return withStatus(await readMission(tx, missionId));
}

/** Locks the mission until the transaction ends: what was read is what will be changed. */
export async function lockMissionStatus(tx: Tx, missionId: string): Promise<MissionRead> {
  return withStatus(await lockMission(tx, missionId));
}

/** Newest first: at most `take` that are older than `after`, of this status and this id when given. */
export async function listMissions(
  tx: Tx,
  page: {
    readonly status: MissionStatus | null;
    readonly onlyId: string | null;
    readonly after: PageStart | null;
    readonly take: number;
  },
): Promise<MissionRead[]> {
  const stored = await tx.db.mission.findMany({
    where: {
      AND: [
        { tenantId: tx.tenantId, ...(page.onlyId === null ? {} : { id: page.onlyId }) },
        page.status === null ? {} : WHERE_STATUS[page.status],
        olderThan(page.after),
      ],
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.take,
  });
  return stored.map((row) => withStatus(toMissionRow(row)));
}

function withStatus(mission: MissionRow): MissionRead {
  const forInput = mission.requestsOpen > 0 && mission.waveDueAt === null && mission.waveId === null;
  return { ...mission, status: missionStatus(mission.state, mission.holds, { forInput }) };
}

const WAITS_FOR_INPUT = {
  requestsOpen: { gt: 0 },
  waveDueAt: null,
  waveId: null,
} as const satisfies Prisma.MissionWhereInput;

/** The same precedence as `missionStatus`, as conditions; a test holds the two together. */
const WHERE_STATUS: Record<MissionStatus, Prisma.MissionWhereInput> = {
  archived: { state: 'archived' },
  canceled: { state: 'canceled' },
  completed: { state: 'completed' },
  paused: { state: 'paused' },
  budget_reached: held('budget', []),
  stalled: held('stalled', ['budget']),
  overcommitted: held('overcommitted', ['budget', 'stalled']),
  provider_blocked: held('provider', ['budget', 'stalled', 'overcommitted']),
  input_required: { state: 'active', holds: { isEmpty: true }, ...WAITS_FOR_INPUT },
  active: { state: 'active', holds: { isEmpty: true }, NOT: WAITS_FOR_INPUT },
};

function held(hold: Hold, stronger: readonly Hold[]): Prisma.MissionWhereInput {
  return { state: 'active', holds: { has: hold }, NOT: { holds: { hasSome: [...stronger] } } };
}
