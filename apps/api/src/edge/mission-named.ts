import { decodeId } from '#contracts';
import type { Tx } from '#database';
import { findResource } from '#ledger';
import type { Call } from './call.js';
import { validationProblem } from './problem.js';

/**
 * The mission that a body's `mission_id` names, in native form; null when it names none. A key that is bound to a
 * mission means that one. 422 for a mission that this key does not reach.
 */
export async function missionNamedInBody(tx: Tx, call: Call, text: string | null): Promise<string | null> {
  if (text === null) return call.boundMissionId;
  const id = decodeId('mission', text);
  const found = id === null ? null : await findResource(tx, 'mission', id);
  const isInReach = call.boundMissionId === null || call.boundMissionId === found?.id;
  if (found !== null && isInReach) return found.id;
  throw validationProblem([{ pointer: '/mission_id', code: 'not_found', message: 'names no mission' }]);
}

/**
 * Of which missions a list is to show rows, by its query's `mission_id`: one, or null for all that the key reaches.
 * `none` when it names nothing that this key reaches: a list that is filtered so is empty, and no error.
 */
export function missionsAsked(
  call: Call,
  named: string | undefined,
): { readonly missionId: string | null } | 'none' {
  if (named === undefined) return { missionId: call.boundMissionId };
  const missionId = decodeId('mission', named);
  const isInReach = call.boundMissionId === null || call.boundMissionId === missionId;
  return missionId !== null && isInReach ? { missionId } : 'none';
}
