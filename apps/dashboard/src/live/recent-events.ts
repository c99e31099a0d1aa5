import type { Event as LedgerEvent } from '../api/generated/types.gen.js';

/** Older ones leave the screen, not the ledger. */
export const EVENTS_SHOWN_MAX = 60;

/** The newest events in order of their numbers; one that is already there is not shown twice. */
export function appendEvent(known: readonly LedgerEvent[], event: LedgerEvent): readonly LedgerEvent[] {
  const last = known.at(-1)?.seq ?? 0;
  if (event.seq !== null && event.seq <= last) return known;
  return [...known, event].slice(-EVENTS_SHOWN_MAX);
}
