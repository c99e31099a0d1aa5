import type { Actor, Hold } from '#contracts';
import { holdQuestion, RESUME } from './domain/hold-question.js';
import { conflict } from './errors.js';
import { findOpenRequests } from './input-request.store.js';
import { closeInputRequest, openInputRequest } from './input-requests.js';
import type { MissionRow } from './mission.store.js';
import type { MissionLedger } from './mission-ledger.js';

const EVENT_OF_HOLD = {
  budget: 'mission.budget_reached',
  stalled: 'mission.stalled',
  overcommitted: 'mission.context_overcommitted',
  provider: 'mission.provider_blocked',
} as const satisfies Record<Hold, string>;

const SYSTEM: Actor = { kind: 'system', id: null };

/** Stops a mission and asks a person, once per hold; an ended one has nothing to stop. One event per hold. */
export async function holdMission(ledger: MissionLedger, hold: Hold, reason: string): Promise<void> {
  const { mission } = ledger;
  const hasEnded = mission.state !== 'active' && mission.state !== 'paused';
  if (hasEnded || mission.holds.includes(hold)) return;
  mission.holds = [...mission.holds, hold];
  ledger.append({ type: EVENT_OF_HOLD[hold], actor: SYSTEM, data: { reason } });
  const raised = raisedLimits(mission);
  const question = holdQuestion(hold, reason, {
    limitUsd: raised.limitUsd?.toFixed() ?? null,
    dailyUsd: raised.dailyUsd?.toFixed() ?? null,
    isDefault: mission.isDefault,
  });
  await openInputRequest(
    ledger,
    {
      kind: 'choice',
      about: 'hold',
      hold,
      ...question,
      deadlineAt: null,
      defaultValue: null,
      onTimeout: null,
      createdByWave: null,
    },
    { actor: SYSTEM, waiting: [] },
  );
}

/** Twice each of a mission's limits: what the question of a budget hold offers. */
export function raisedLimits(mission: MissionRow): Pick<MissionRow, 'limitUsd' | 'dailyUsd'> {
  const doubled = (limit: MissionRow['limitUsd']): MissionRow['limitUsd'] =>
    limit === null ? null : limit.isZero() ? limit.plus(1) : limit.times(2);
  return { limitUsd: doubled(mission.limitUsd), dailyUsd: doubled(mission.dailyUsd) };
}

/** Lifts one hold when what had caused it has gone, and closes its question: `because` says why. Its counts begin anew. */
export async function liftHold(
  ledger: MissionLedger,
  hold: Hold,
  lifting: { readonly actor: Actor; readonly because: string },
): Promise<void> {
  const { mission } = ledger;
  if (!mission.holds.includes(hold)) return;
  mission.holds = mission.holds.filter((held) => held !== hold);
  Object.assign(mission, COUNTS_OF_HOLD[hold]);
  const answer = { value: RESUME, comment: lifting.because };
  for (const request of await findOpenRequests(ledger, { hold }))
    await closeInputRequest(ledger, request, { actor: lifting.actor, answer });
  ledger.dueNow();
}

/** What counted towards a hold. */
const COUNTS_OF_HOLD: Record<Hold, Partial<MissionRow>> = {
  budget: {},
  overcommitted: {},
  stalled: {
    abortsInRow: 0,
    leasesLostInRow: 0,
    idleWavesInRow: 0,
    plannedDepth: 0,
    verificationFailures: 0,
    readyDeferred: false,
  },
  provider: { outagesInRow: 0, outageSince: null },
};

/** A person answered a hold's question: the mission goes on, unless something else holds it too. */
export async function resumeFromHold(ledger: MissionLedger, hold: Hold, actor: Actor): Promise<void> {
  await liftHold(ledger, hold, { actor, because: 'answered' });
  if (ledger.mission.holds.length === 0)
    ledger.append({ type: 'mission.resumed', actor, data: { state: ledger.mission.state } });
}

/** A person takes a held mission up again, whatever held it. */
export async function liftAllHolds(ledger: MissionLedger, actor: Actor): Promise<void> {
  const { mission } = ledger;
  if (mission.holds.length === 0) throw conflict('mission_active', 'This mission is active already.');
  for (const hold of mission.holds)
    await liftHold(ledger, hold, { actor, because: 'The mission was resumed.' });
  ledger.append({ type: 'mission.resumed', actor, data: { state: 'active' } });
}
