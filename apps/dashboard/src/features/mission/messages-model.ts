import type { Message } from '../../api/generated/types.gen.js';
import { decisionTitle } from '../wave/wave-model.js';

/** A wave may decide dozens of things; the rest stands on its own page. */
const DECISIONS_SHOWN_MAX = 4;

/** What the wave that saw a message decided, in a line each. */
export function decidedLines({ decisions }: Message): string[] {
  const lines = decisions
    .slice(0, DECISIONS_SHOWN_MAX)
    .map((decision) => `${decisionTitle(decision)}${decision.outcome === 'rejected' ? ' (rejected)' : ''}`);
  const rest = decisions.length - lines.length;
  return rest === 0 ? lines : [...lines, `and ${rest} more`];
}
