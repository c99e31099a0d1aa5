/** The share of a mission's room that its obligations may take: beyond it there would be no room left to work in. */
const OBLIGED_SHARE_MAX = 0.6;

/** Heading, counts and omission line of Z4. */
const FINISHED_MINIMUM_TOKENS = 100;
/** Headings, counts and omission lines of Z5 to Z7, and one inbox item. */
const VOLATILE_MINIMUM_TOKENS = 600;

/**
 * How many tokens of charter, directives and lines of attempts in flight a mission may oblige a request to carry, of
 * the room that Z0, Z1 and Z8 leave. Not a token of them is ever trimmed: over it, a person is asked.
 */
export function obligedTokensMax(missionRoomTokens: number): number {
  const workable = missionRoomTokens - FINISHED_MINIMUM_TOKENS - VOLATILE_MINIMUM_TOKENS;
  return Math.max(0, Math.floor(Math.min(missionRoomTokens * OBLIGED_SHARE_MAX, workable)));
}

/**
 * Room for finished work: its ceiling, unless obligations at their most would then leave too little for the rest. It
 * asks for the most and not for what there is, because nothing that changes from wave to wave may move the prefix.
 */
export function finishedRoomTokens(missionRoomTokens: number, ceilingTokens: number): number {
  const beyondObligations = Math.floor(missionRoomTokens * (1 - OBLIGED_SHARE_MAX));
  return Math.max(0, Math.min(ceilingTokens, beyondObligations - VOLATILE_MINIMUM_TOKENS));
}
