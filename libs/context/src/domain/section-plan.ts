import type { ContextOmission, SectionName } from '#contracts';
import { estimateTokens } from './estimate.js';

/** A section before packing: all that it could say, in the order of the page. */
export interface SectionPlan {
  readonly name: SectionName;
  readonly lists: readonly ItemList[];
  /** What was left out before packing began. */
  readonly omitted: readonly ContextOmission[];
}

export interface ItemList {
  readonly source: string;
  readonly heading: string;
  readonly items: readonly Item[];
  /** Set where the order is one of urgency: nothing of the list is said before all that stands above it. */
  readonly ranked?: true;
  /** What becomes of items without room; null when all are guaranteed. */
  readonly rest: {
    /** How many more there are that the snapshot does not carry. */
    readonly unlisted: number;
    /** The call that fetches what is left out; `refs` are those of it that are known. */
    readonly fetch: (refs: readonly string[]) => string;
  } | null;
}

export interface Item {
  readonly ref: string;
  readonly source: string;
  readonly ladder: Ladder;
  /** On the page at least at the lowest rung, whatever the room. */
  readonly guaranteed: boolean;
  /** What having the lowest rung on the page is worth, beside other items of the same section. */
  readonly worth: number;
  /** The call that fetches the whole when a lower rung is shown; null when none can. */
  readonly fetch: string | null;
}

/** From the shortest to the fullest. */
export type Ladder = readonly [...Rung[], Rung];

export type RungName = 'fixed' | 'full' | 'card' | 'line' | 'counted';

/** One way to say an item; the text ends with a newline. */
export interface Rung {
  readonly name: RungName;
  readonly text: string;
  readonly tokens: number;
}

export function rung(name: RungName, text: string): Rung {
  return { name, text, tokens: estimateTokens(text) };
}

/** An item that can be said in one way only and must be. */
export function fixedItem(ref: string, source: string, text: string): Item {
  return { ref, source, ladder: [rung('fixed', text)], guaranteed: true, worth: 0, fetch: null };
}

/** A list of nothing but guaranteed items. */
export function guaranteedList(source: string, heading: string, items: readonly Item[]): ItemList {
  return { source, heading, items, rest: null };
}

/** Worth of the item at `index` of a list sorted by importance; half of `worth` at `halvedAt`. */
export function decayed(worth: number, index: number, halvedAt: number): number {
  return worth / (1 + index / halvedAt);
}

/** The call that reads things whole, as the model would make it. */
export function getCall(refs: readonly string[]): string {
  return `ledger_get ${JSON.stringify({ refs })}`;
}

/** The call that lists the notes in force. */
export function searchNotesCall(): string {
  return `ledger_search ${JSON.stringify({ query: '', in: 'notes' })}`;
}

/** The call that lists the tasks of one state. */
export function searchCall(state: string): string {
  return `ledger_search ${JSON.stringify({ query: '', state })}`;
}
