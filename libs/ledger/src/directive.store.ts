import { newUuid } from '#contracts';
import type { Tx } from '#database';
import { conflict } from './errors.js';
import type { MissionLedger } from './mission-ledger.js';

export type DirectiveState = 'accepted' | 'proposed' | 'rejected' | 'retired';

export interface DirectiveRow {
  readonly id: string;
  readonly missionId: string;
  readonly number: number;
  readonly text: string;
  readonly state: DirectiveState;
}

/** A snapshot and a brief carry all of them, so that none is ever dropped. */
export const DIRECTIVES_PER_MISSION_MAX = 500;

/** Adds directives under the mission's next numbers; returns their ids in order. Throws `directives_max_reached`. */
export async function insertDirectives(
  ledger: MissionLedger,
  directives: readonly { readonly text: string; readonly state: DirectiveState; readonly source: string }[],
): Promise<string[]> {
  const ids = directives.map(() => newUuid());
  if (directives.length === 0) return ids;
  if (ledger.mission.lastDirectiveNumber + directives.length > DIRECTIVES_PER_MISSION_MAX)
    throw conflict(
      'directives_max_reached',
      `A mission takes at most ${DIRECTIVES_PER_MISSION_MAX} directives in its life; say it in a task or start another mission.`,
    );
  await ledger.tx.db.directive.createMany({
    data: directives.map((directive, place) => ({
      ...directive,
      tenantId: ledger.tx.tenantId,
      id: ids[place] ?? newUuid(),
      missionId: ledger.mission.id,
      number: ledger.mission.lastDirectiveNumber + 1 + place,
      createdAt: ledger.now,
    })),
  });
  ledger.mission.lastDirectiveNumber += directives.length;
  return ids;
}

export async function findDirective(tx: Tx, directiveId: string): Promise<DirectiveRow | null> {
  const row = await tx.db.directive.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: directiveId } },
  });
  return row === null ? null : { ...row, state: row.state as DirectiveState }; // written only in this file
}

export async function saveDirectiveState(tx: Tx, directiveId: string, state: DirectiveState): Promise<void> {
  await tx.db.directive.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: directiveId } },
    data: { state },
  });
}
