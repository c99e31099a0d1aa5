import type { NoteKind } from '#contracts';
import type { ConductorSnapshot, SnapshotNote } from '#ledger';
import { cutToTokens } from '../domain/estimate.js';
import { cleanText } from '../domain/outside-text.js';
import {
  decayed,
  getCall,
  type Item,
  rung,
  searchNotesCall,
  type SectionPlan,
} from '../domain/section-plan.js';

/** Losing a decision or repeating a failed approach costs more than looking a fact up. */
const WORTH: Readonly<Record<NoteKind, number>> = {
  decision: 30,
  failure: 30,
  question: 25,
  directive: 20,
  fact: 15,
};
const WORTH_HALVED_AT = 40;
const CARD_TOKENS = 60;

/** Section Z5: the notes in force, oldest first. */
export function registersPlan({
  notes,
  notesTotal,
}: Pick<ConductorSnapshot, 'notes' | 'notesTotal'>): SectionPlan {
  return {
    name: 'Z5',
    lists: [
      {
        source: 'notes',
        heading: notesTotal === 0 ? '# Z5 Registers\nNone.\n' : '# Z5 Registers\n',
        items: notes.map((note, index) => noteItem(note, notes.length - 1 - index)),
        rest: { unlisted: notesTotal - notes.length, fetch: searchNotesCall },
      },
    ],
    omitted: [],
  };
}

function noteItem(note: SnapshotNote, age: number): Item {
  const origin = note.waveNumber === null ? '' : ` (wave ${note.waveNumber})`;
  const line = (text: string): string => `${note.ref} ${note.kind}${origin}: ${indented(text)}\n`;
  const text = cleanText(note.text);
  const cut = cutToTokens(text, CARD_TOKENS);
  const fetch = getCall([note.ref]);
  const full = rung('full', line(text));
  return {
    ref: note.ref,
    source: 'note',
    ladder: cut === text ? [full] : [rung('card', `${line(cut)}(shortened: ${fetch})\n`), full],
    guaranteed: false,
    worth: decayed(WORTH[note.kind], age, WORTH_HALVED_AT),
    fetch,
  };
}

/** Notes stand outside fences: their further lines are set in, so that none can begin like a line of ours. */
function indented(text: string): string {
  return text.replaceAll('\n', '\n  ');
}
