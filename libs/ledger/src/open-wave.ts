import { encodeId, newUuid, type Policy, type WaveTrigger } from '#contracts';
import type { Tx } from '#database';
import type { ConductorSnapshot } from './domain/snapshot.js';
import { isActionable } from './domain/due.js';
import { holdMission } from './holds.js';
import { readInboxPage, type InboxRow } from './inbox.store.js';
import { inMission, MissionLedger } from './mission-ledger.js';
import { lockTenantRoom } from './mission.store.js';
import { makeDigests } from './grow-digests.js';
import { readSnapshot } from './snapshot.store.js';
import { insertWave } from './wave.store.js';

/** How long a wave is held without a beat. */
export const WAVE_LEASE_MS = 15_000;

/** A wave that runs: who it is, what fences it, and all that it may know. */
export interface OpenWave {
  readonly tenantId: string;
  readonly missionId: string;
  readonly waveId: string;
  readonly epoch: number;
  readonly policy: Policy;
  readonly snapshot: ConductorSnapshot;
}

/**
 * Opens the next wave of a mission that is due: the epoch moves on, which fences off whatever came before, the wave
 * holds the mission for a lease, and its snapshot is read in the same transaction. Null when there is nothing to do, or
 * when its tenant runs as many waves as it may.
 */
export async function openWave(tx: Tx, missionId: string): Promise<OpenWave | null> {
  return inMission(tx, missionId, async (ledger) => {
    const { mission, now } = ledger;
    const isDue = mission.waveDueAt !== null && mission.waveDueAt <= now;
    if (mission.waveId !== null || !isDue || !isActionable({ ...mission, freeSlots: ledger.freeSlots }))
      return null;
    if (mission.unreadablePolicy.length > 0) return holdUnreadable(ledger);
    if ((await lockTenantRoom(tx, 'waves')) === 0) return null;
    const page = await readInboxPage(tx, missionId, mission.policy.inbox_page_max);
    const waveId = newUuid();
    const trigger = triggerOf(ledger, page);
    mission.epoch += 1;
    mission.lastWaveNumber += 1;
    mission.waveId = waveId;
    mission.waveLeaseUntil = new Date(now.getTime() + WAVE_LEASE_MS);
    await insertWave(tx, {
      id: waveId,
      missionId,
      number: mission.lastWaveNumber,
      epoch: mission.epoch,
      trigger,
      model: mission.policy.model,
      budgetTokens: mission.policy.context_budget_tokens,
    });
    ledger.append({
      type: 'wave.started',
      actor: { kind: 'wave', id: encodeId('wave', waveId) },
      waveId,
      data: { number: mission.lastWaveNumber, epoch: mission.epoch, trigger, state: 'running' },
    });
    if (mission.taskEnds === null) await makeDigests(ledger);
    const snapshot = await readSnapshot(ledger, { page, trigger });
    return {
      tenantId: tx.tenantId,
      missionId,
      waveId,
      epoch: mission.epoch,
      policy: mission.policy,
      snapshot,
    };
  });
}

/** Money is not spent by a policy that nobody has chosen: a person sets it anew. Whoever was due after it is not to wait. */
async function holdUnreadable(ledger: MissionLedger): Promise<null> {
  const fields = ledger.mission.unreadablePolicy.join(', ');
  await holdMission(
    ledger,
    'stalled',
    `The policy has fields that cannot be read (${fields}): set them with PATCH /v1/missions/{id}, then resume.`,
  );
  ledger.tx.ring('wave');
  return null;
}

/** What the next wave would see if it opened now, with or without the last one's note. Opens and locks nothing. */
export async function previewSnapshot(
  tx: Tx,
  missionId: string,
  { keepNote }: { readonly keepNote: boolean },
): Promise<ConductorSnapshot> {
  const ledger = await MissionLedger.peek(tx, missionId);
  const { mission } = ledger;
  mission.lastWaveNumber += 1;
  if (!keepNote) mission.handoffNote = null;
  const page = await readInboxPage(tx, missionId, mission.policy.inbox_page_max);
  return readSnapshot(ledger, { page, trigger: triggerOf(ledger, page) });
}

const TRIGGER_OF_KIND = {
  message: 'message',
  submission: 'submission',
  attempt_succeeded: 'result',
  attempt_failed: 'result',
  attempt_exhausted: 'result',
  attempt_late: 'result',
  dependency_failed: 'result',
  decision_rejected: 'retry',
  answer: 'answer',
  input_expired: 'answer',
} as const satisfies Record<InboxRow['kind'], WaveTrigger>;

function triggerOf(ledger: MissionLedger, page: readonly InboxRow[]): WaveTrigger {
  const [first] = page;
  if (first !== undefined) return TRIGGER_OF_KIND[first.kind];
  return ledger.mission.verificationOwed ? 'verification' : 'ready_tasks';
}
