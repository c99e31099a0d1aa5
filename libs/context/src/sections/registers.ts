import type { NoteKind } from '#contracts';
import type { ConductorSnapshot, SnapshotNote, SnapshotRequest } from '#ledger';
import { cutToTokens } from '../domain/estimate.js';
import { cleanText } from '../domain/outside-text.js';
import {
  decayed,
  fixedItem,
  getCall,
  guaranteedList,
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
const PROMPT_TOKENS_MAX = 40;

/** Section Z5: what people are asked, a line each, then the notes in force, decisions and failures first. */
export function registersPlan({
  notes,
  notesTotal,
  requests,
}: Pick<ConductorSnapshot, 'notes' | 'notesTotal' | 'requests'>): SectionPlan {
  const isEmpty = notesTotal + requests.length === 0;
  return {
    name: 'Z5',
    lists: [
      guaranteedList(
        'requests',
        isEmpty ? '# Z5 Registers\nNone.\n' : '# Z5 Registers\n',
        requests.map(requestItem),
      ),
      {
        source: 'notes',
        heading: '',
        items: notes.map((note, index) => noteItem(note, notes.length - 1 - index)),
        rest: {
          unlisted: notesTotal - notes.length,
          fetch: searchNotesCall,
        },
      },
    ],
    omitted: [],
  };
}

/** What the lines of open requests take; they belong to what a mission obliges a request to carry. */
export function requestsTokens(requests: readonly SnapshotRequest[]): number {
  return requests.reduce((sum, request) => sum + requestItem(request).ladder[0].tokens, 0);
}

/** A conductor's own question is recalled; what an approval is about stands in the tasks. */
function requestItem({ ref, kind, about, prompt, taskRefs, taskTotal, deadline }: SnapshotRequest): Item {
  const unnamed = taskTotal - taskRefs.length;
  const names = unnamed > 0 ? [...taskRefs, `+${unnamed}`] : taskRefs;
  const holdsUp = names.length === 0 ? '' : ` holds up ${names.join(',')}`;
  const until = deadline === null ? '' : ` until ${deadline}`;
  const what = about === 'question' ? kind : `${about} approval`;
  const text = about === 'question' ? `: ${indented(cutToTokens(cleanText(prompt), PROMPT_TOKENS_MAX))}` : '';
  return fixedItem(ref, 'input request', `${ref} open ${what}${holdsUp}${until}${text}\n`);
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
