/** What one of the sections that compete for room needs, in tokens. */
export interface RoomNeed {
  /** For what is guaranteed: it gets this whatever the room. */
  readonly minimum: number;
  /** For what is not guaranteed, before any other section gets more than its own floor. */
  readonly floor: number;
  /** More would stay unused. */
  readonly full: number;
  readonly weight: number;
}

/**
 * Splits room between sections in the order of the page: minima, then floors, then the rest by weight. What one cannot
 * use goes to those after it, never back. The grants add up to `roomTokens` at most, or to the minima.
 */
export function shareRoom<Need extends RoomNeed>(roomTokens: number, needs: readonly Need[]): Grant<Need>[] {
  const floors = shareFloors(roomTokens, needs);
  return raise(roomTokens, floors, { goal: ({ full }) => full, weight: ({ weight }) => weight });
}

/** The first part of `shareRoom`: minima and floors only. */
export function shareFloors<Need extends RoomNeed>(
  roomTokens: number,
  needs: readonly Need[],
): Grant<Need>[] {
  const minima = needs.map((need) => ({ need, tokens: need.minimum }));
  return raise(roomTokens, minima, { goal: floorOf, weight: (need) => floorOf(need) - need.minimum });
}

export interface Grant<Need extends RoomNeed> {
  readonly need: Need;
  readonly tokens: number;
}

interface Rule {
  readonly goal: (need: RoomNeed) => number;
  readonly weight: (need: RoomNeed) => number;
}

function raise<Need extends RoomNeed>(
  roomTokens: number,
  grants: readonly Grant<Need>[],
  { goal, weight }: Rule,
): Grant<Need>[] {
  let rest = Math.max(0, roomTokens - grants.reduce((sum, { tokens }) => sum + tokens, 0));
  let weights = grants.reduce((sum, { need }) => sum + weight(need), 0);
  return grants.map(({ need, tokens }) => {
    const share = weights === 0 ? 0 : Math.floor((rest * weight(need)) / weights);
    const more = Math.min(share, Math.max(0, goal(need) - tokens));
    rest -= more;
    weights -= weight(need);
    return { need, tokens: tokens + more };
  });
}

function floorOf({ minimum, floor, full }: RoomNeed): number {
  return Math.min(minimum + floor, Math.max(minimum, full));
}
