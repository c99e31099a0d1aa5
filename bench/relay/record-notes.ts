import type { MessagesBody, ModelAnswer } from '#model';
import { textsOf } from '../harness/sections.js';
import { NOTED_KINDS, type NotedKind } from './world.js';

/** What a person asked to have recorded, as the conductor reads it on its page. */
export interface Request {
  readonly kind: NotedKind;
  readonly text: string;
  /** The code of what it takes the place of. */
  readonly insteadOf: string | null;
}

export function askToRecord({ kind, text, insteadOf }: Request): string {
  const place = insteadOf === null ? '' : ` instead of the one on ${insteadOf}`;
  return `Please record this ${kind}${place}: ${text}`;
}

const ASKED = new RegExp(
  `^Please record this (${NOTED_KINDS.join('|')})(?: instead of the one on (\\S+))?: (.+)$`,
  'm',
);

/** What persons ask for on a request's inbox page; what stands in an untrusted frame is nobody's word. */
export function requestsOn(body: MessagesBody): Request[] {
  const page = textsOf(body).find(({ section }) => section === 'Z7')?.text ?? '';
  const trusted = page.replaceAll(/^<<untrusted ([0-9a-f]{8})>>\n[^]*?^<<end \1>>$/gm, '');
  const words = [...trusted.matchAll(/^<<person ([0-9a-f]{8})>>\n([^]*?)^<<end \1>>$/gm)];
  return words.flatMap(([, , said = '']) => {
    const [, kind, insteadOf = null, text] = ASKED.exec(said) ?? [];
    return kind === undefined || text === undefined ? [] : [{ kind: kind as NotedKind, insteadOf, text }];
  });
}

export interface NoteEntry {
  readonly kind: NotedKind;
  readonly text: string;
  readonly supersedes?: string;
}

/** The model's answer with one call of `note` before its hand-off: a conductor that records what it was asked to. */
export function withNotes(answer: ModelAnswer, entries: readonly NoteEntry[]): ModelAnswer {
  const { content } = answer.message;
  const end = content.findIndex((block) => block.type === 'tool_use' && block.name === 'handoff');
  if (entries.length === 0 || end === -1) return answer;
  const note = {
    type: 'tool_use',
    id: `toolu_note_${answer.message.id}`,
    name: 'note',
    input: { entries },
    caller: { type: 'direct' },
  } as const;
  return {
    ...answer,
    message: { ...answer.message, content: [...content.slice(0, end), note, ...content.slice(end)] },
  };
}
