import { newUuid } from '#contracts';
import type { Tx } from '#database';
import type { MissionLedger } from './mission-ledger.js';

export type DirectiveState = 'accepted' | 'proposed' | 'rejected' | 'retired';

export interface DirectiveRow {
  readonly id: string;
  readonly missionId: string;
  readonly number: number;
  readonly text: string;
  readonly state: DirectiveState;
}

/** Adds directives under the mission's next numbers; returns their ids in order. */
export async function insertDirectives(
  ledger: MissionLedger,
  directives: readonly { readonly text: string; readonly state: DirectiveState; readonly source: string }[],
): Promise<string[]> {
  const ids = directives.map(() => newUuid());
  if (directives.length === 0) return ids;
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
