import type { MissionLedger } from './mission-ledger.js';

export async function insertMessage(
  ledger: MissionLedger,
  message: { readonly id: string; readonly seq: number; readonly text: string; readonly trusted: boolean },
): Promise<void> {
  await ledger.tx.db.message.create({
    data: { ...message, tenantId: ledger.tx.tenantId, missionId: ledger.mission.id, createdAt: ledger.now },
  });
}
