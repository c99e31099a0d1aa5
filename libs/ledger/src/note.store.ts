import { newUuid, type NoteKind } from '#contracts';
import { refNumber } from './domain/refs.js';
import type { MissionLedger } from './mission-ledger.js';

/** A note is in force until another one supersedes it. */
export const NOTES_IN_FORCE = { supersededBy: null } as const;

/** Records a note under the mission's next number; what it supersedes is no longer in force. Returns id and number. */
export async function insertNote(
  ledger: MissionLedger,
  note: {
    readonly kind: NoteKind;
    readonly text: string;
    readonly supersedes: string | null;
    readonly waveId: string;
  },
): Promise<{ id: string; number: number }> {
  const { tx, mission } = ledger;
  mission.lastNoteNumber += 1;
  const id = newUuid();
  const number = mission.lastNoteNumber;
  await tx.db.note.create({
    data: {
      tenantId: tx.tenantId,
      id,
      missionId: mission.id,
      number,
      kind: note.kind,
      text: note.text,
      waveId: note.waveId,
      createdAt: ledger.now,
    },
  });
  const superseded = refNumber('N', note.supersedes ?? '');
  if (superseded !== null)
    await tx.db.note.updateMany({
      where: { tenantId: tx.tenantId, missionId: mission.id, number: superseded },
      data: { supersededBy: number },
    });
  return { id, number };
}
