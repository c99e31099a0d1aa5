import type { Actor } from '#contracts';
import type { Tx } from '#database';
import { nextState, type TransitionTable } from './domain/machine.js';
import { refOf } from './domain/refs.js';
import { conflict, notFound } from './errors.js';
import {
  findDirective,
  insertDirectives,
  saveDirectiveState,
  type DirectiveState,
} from './directive.store.js';
import { liftHold } from './holds.js';
import { inMission } from './mission-ledger.js';

export type DirectiveAction = 'accept' | 'reject' | 'retire';

const DIRECTIVE_TRANSITIONS: TransitionTable<DirectiveState, DirectiveAction> = {
  proposed: { accept: 'accepted', reject: 'rejected' },
  accepted: { retire: 'retired' },
  rejected: {},
  retired: {},
};

const EVENT_OF_ACTION = {
  accept: 'directive.accepted',
  reject: 'directive.rejected',
  retire: 'directive.retired',
} as const;

/** Adds a standing instruction, verbatim and in force at once; returns its id. */
export function addDirective(tx: Tx, missionId: string, text: string, actor: Actor): Promise<string> {
  return insert(tx, missionId, { text, state: 'accepted', actor });
}

/** Writes down what may be meant to hold; it does once somebody accepts it. Returns its id. */
export function proposeDirective(tx: Tx, missionId: string, text: string, actor: Actor): Promise<string> {
  return insert(tx, missionId, { text, state: 'proposed', actor });
}

async function insert(
  tx: Tx,
  missionId: string,
  { text, state, actor }: { text: string; state: 'accepted' | 'proposed'; actor: Actor },
): Promise<string> {
  return inMission(tx, missionId, async (ledger) => {
    const [id] = await insertDirectives(ledger, [{ text, state, source: actor.kind }]);
    if (id === undefined) throw new Error('no directive was written');
    ledger.append({
      type: state === 'accepted' ? 'directive.added' : 'directive.proposed',
      actor,
      data: { ref: refOf('D', ledger.mission.lastDirectiveNumber) },
    });
    return id;
  });
}

/** Accepts or rejects a proposal, or retires what is in force. Throws `directive_<state>` when its state has no such move. */
export async function moveDirective(
  tx: Tx,
  directiveId: string,
  action: DirectiveAction,
  actor: Actor,
): Promise<void> {
  const found = await findDirective(tx, directiveId);
  if (found === null) throw notFound('directive');
  await inMission(tx, found.missionId, async (ledger) => {
    const directive = (await findDirective(tx, directiveId)) ?? found;
    const state = nextState(DIRECTIVE_TRANSITIONS, directive.state, action);
    if (state === null)
      throw conflict(
        `directive_${directive.state}`,
        `A directive that is ${directive.state} cannot ${action}.`,
      );
    await saveDirectiveState(tx, directiveId, state);
    ledger.append({
      type: EVENT_OF_ACTION[action],
      actor,
      data: { ref: refOf('D', directive.number), state },
    });
    if (state === 'retired')
      await liftHold(ledger, 'overcommitted', { actor, because: 'A directive was retired.' });
  });
}
