import type { Actor, Hold } from '#contracts';
import { conflict } from './errors.js';
import type { MissionLedger } from './mission-ledger.js';

const EVENT_OF_HOLD = {
  budget: 'mission.budget_reached',
  stalled: 'mission.stalled',
  overcommitted: 'mission.context_overcommitted',
  provider: 'mission.provider_blocked',
} as const satisfies Record<Hold, string>;

/** Stops a mission until a person resumes it (or, for the budget, raises the limit). One event per hold. */
export function holdMission(ledger: MissionLedger, hold: Hold, reason: string): void {
  const { mission } = ledger;
  if (mission.holds.includes(hold)) return;
  mission.holds = [...mission.holds, hold];
  ledger.append({ type: EVENT_OF_HOLD[hold], actor: { kind: 'system', id: null }, data: { reason } });
}

/** Lifts one hold, when what had caused it has gone. */
export function liftHold(ledger: MissionLedger, hold: Hold): void {
  if (!ledger.mission.holds.includes(hold)) return;
  ledger.mission.holds = ledger.mission.holds.filter((held) => held !== hold);
  ledger.dueNow();
}

/** A person takes a held mission up again: its counts of failures begin anew. */
export function liftAllHolds(ledger: MissionLedger, actor: Actor): void {
  const { mission } = ledger;
  if (mission.holds.length === 0) throw conflict('mission_active', 'This mission is active already.');
  mission.holds = [];
  mission.abortsInRow = 0;
  mission.leasesLostInRow = 0;
  mission.outagesInRow = 0;
  mission.outageSince = null;
  mission.idleWavesInRow = 0;
  mission.verificationFailures = 0;
  mission.readyDeferred = false;
  ledger.dueNow();
  ledger.append({ type: 'mission.resumed', actor, data: { state: 'active' } });
}
