import { fencedTexts, splitFences, trustedText, type Frame, type Piece } from './fences.js';
import { textOfResult, type Prompt } from './messages-request.js';

export const ROLES = ['conductor', 'worker', 'digest'] as const;
export type PromptRole = (typeof ROLES)[number];

/** Who is asked, by how the system text begins; null when it is none of ours. */
export function roleOf(prompt: Prompt): PromptRole | null {
  const opening = prompt.system[0]?.text ?? '';
  if (/^# Z1\b/.test(opening)) return 'conductor';
  if (opening.startsWith('# Wavekeeper worker')) return 'worker';
  return opening.startsWith('# Wavekeeper digest') ? 'digest' : null;
}

/** What a conductor can read in its request. Every ref in it stood outside the fences. */
export interface ConductorView {
  readonly waveNumber: number;
  readonly verification: boolean;
  readonly workers: readonly string[];
  /** Tasks that name a worker are dispatched without it. */
  readonly namedGoByRule: boolean;
  /** What it accepts completes only when a person approves. */
  readonly acceptingNeedsApproval: boolean;
  /** Numbers of the acceptance criteria. */
  readonly criteria: readonly number[];
  /** Those that finished work names. */
  readonly completedRefs: readonly string[];
  readonly board: BoardView;
  readonly inbox: readonly InboxItemView[];
  /** What the conductor called in its earlier responses of this wave, oldest first. */
  readonly turns: readonly (readonly AnsweredCall[])[];
  /** Text of titles, results and messages: for a conductor that does not know better than to obey it. */
  readonly fenced: readonly string[];
}

export interface BoardView {
  readonly openTasks: number;
  readonly endedTasks: number;
  readonly freeSlots: number;
  readonly ready: readonly OpenTaskView[];
  readonly review: readonly ReviewView[];
  readonly blocked: readonly OpenTaskView[];
  /** Refs of the tasks that are offered or worked on. */
  readonly inFlight: readonly string[];
}

export interface OpenTaskView {
  readonly ref: string;
  readonly priority: number;
  /** Null when the task leaves it to the conductor. */
  readonly worker: string | null;
  readonly failures: number;
  readonly reason: string | null;
  /** Refs of the dependencies that are open; null when the line does not tell all of them. */
  readonly needs: readonly string[] | null;
}

export interface ReviewView {
  readonly taskRef: string;
  readonly attemptRef: string;
  /** Whether the board itself shows the result. */
  readonly resultShown: boolean;
}

export interface InboxItemView {
  readonly kind: string;
  /** The words after the kind in the item's heading, such as `T14`, `A16`, `trusted`. */
  readonly words: readonly string[];
  readonly frame: Frame | null;
  readonly text: string;
}

export interface AnsweredCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
  readonly resultText: string;
}

export function viewOf(prompt: Prompt): ConductorView {
  const sections = sectionsOf(prompt);
  const header = trustedText(sections.get('Z8') ?? '');
  const charter = trustedText(sections.get('Z2') ?? '');
  const finished = trustedText(sections.get('Z4') ?? '');
  const workers = /^Workers: (.+)$/m.exec(charter)?.[1] ?? '';
  return {
    waveNumber: numberAt(header, /^Wave (\d+)\b/m) ?? 0,
    verification: /^Verification:/m.test(header),
    namedGoByRule: /^Planning: tasks that name a worker\b/m.test(charter),
    acceptingNeedsApproval: /^Approval: what you accept\b/m.test(charter),
    workers: workers.split(',').flatMap((name) => name.trim() || []),
    criteria: [...charter.matchAll(/^Criterion (\d+):/gm)].map((match) => Number(match[1])),
    completedRefs: completedRefsOf(finished),
    board: parseBoard(sections.get('Z6') ?? ''),
    inbox: parseInbox(sections.get('Z7') ?? ''),
    turns: turnsOf(prompt),
    fenced: [...sections.values()].flatMap(fencedTexts),
  };
}

/** `T5 completed after 1 attempt`, and of a digest `G1: 7 completed T1 T2, 1 failed T3`. */
function completedRefsOf(finished: string): string[] {
  return [...finished.matchAll(/^(?:(T\d+) completed\b|G\d+: \d+ completed((?: T\d+)*))/gm)].flatMap(
    ([, card = '', digest = '']) => `${card}${digest}`.split(' ').filter((ref) => ref !== ''),
  );
}

/** Each section is a text block of its own, so that a heading inside another section's text begins nothing. */
function sectionsOf(prompt: Prompt): ReadonlyMap<string, string> {
  const sections = new Map<string, string>();
  for (const block of [...prompt.system, ...(prompt.messages[0]?.content ?? [])]) {
    if (block.type !== 'text') continue;
    const name = /^# (Z[0-9])\b/.exec(block.text)?.[1];
    if (name !== undefined && !sections.has(name)) sections.set(name, block.text);
  }
  return sections;
}

function parseBoard(section: string): BoardView {
  const pieces = splitFences(section);
  const counts = /^Counts: .*$/m.exec(trustedText(section))?.[0] ?? '';
  const count = (state: string) => numberAt(counts, new RegExp(`\\b${state} (\\d+)\\b`)) ?? 0;
  const openTasksUnder = (heading: string) =>
    piecesUnder(pieces, heading).flatMap((piece) => (piece.kind === 'line' ? parseOpenTask(piece.text) : []));
  return {
    openTasks: count('blocked') + count('queued') + count('working') + count('input_required'),
    endedTasks: count('completed') + count('failed') + count('canceled'),
    freeSlots: numberAt(counts, /\bFree slots: (\d+)\b/) ?? 0,
    ready: openTasksUnder('Ready to dispatch'),
    review: parseReviews(piecesUnder(pieces, 'Waiting for review')),
    blocked: openTasksUnder('Blocked'),
    inFlight: piecesUnder(pieces, 'In flight').flatMap(
      (piece) => lineMatch(piece, /^(T\d+) A\d+\b/)[1] ?? [],
    ),
  };
}

function piecesUnder(pieces: readonly Piece[], heading: string): readonly Piece[] {
  const headings = pieces.map((piece) => piece.kind === 'line' && piece.text.startsWith('## '));
  const start = pieces.findIndex(
    (piece, index) => headings[index] && piece.text.startsWith(`## ${heading} (`),
  );
  if (start === -1) return [];
  const end = headings.indexOf(true, start + 1);
  return pieces.slice(start + 1, end === -1 ? undefined : end);
}

const PRIORITY_UNSAID = 2;

/** `T15 v1 p2 worker=build needs T13,T14`; nothing for a line that is no task. */
function parseOpenTask(line: string): OpenTaskView[] {
  const ref = /^(T\d+) v\d+\b/.exec(line)?.[1];
  if (ref === undefined) return [];
  const worker = /\bworker=([a-z0-9_-]+)/.exec(line)?.[1] ?? 'any';
  return [
    {
      ref,
      priority: numberAt(line, /\bp([0-4])\b/) ?? PRIORITY_UNSAID,
      worker: worker === 'any' ? null : worker,
      failures: numberAt(line, /\bfailures=(\d+)\b/) ?? 0,
      reason: /\breason=(\w+)/.exec(line)?.[1] ?? null,
      needs: parseNeeds(line),
    },
  ];
}

/** Nothing but known fields may follow the list: one that was cut proves nothing. */
function parseNeeds(line: string): string[] | null {
  const list = /\bneeds (T\d+(?:,T\d+)*)(?: +(?:worker|failures|reason)=[\w-]+)*$/.exec(line)?.[1];
  return list?.split(',') ?? null;
}

function parseReviews(pieces: readonly Piece[]): ReviewView[] {
  return pieces.flatMap((piece, index) => {
    const [, taskRef, attemptRef] = lineMatch(piece, /^(T\d+) (A\d+)\b/);
    if (taskRef === undefined || attemptRef === undefined) return [];
    return [{ taskRef, attemptRef, resultShown: pieces[index + 1]?.kind === 'fenced' }];
  });
}

function parseInbox(section: string): InboxItemView[] {
  const pieces = splitFences(section);
  return pieces.flatMap((piece, index) => {
    const [, kind, words] = lineMatch(piece, /^## I\d+ (\w+) ?(.*)$/);
    if (kind === undefined || words === undefined) return [];
    const next = pieces[index + 1];
    const body = next?.kind === 'fenced' ? next : null;
    return [{ kind, words: words.split(' '), frame: body?.frame ?? null, text: body?.text ?? '' }];
  });
}

function turnsOf(prompt: Prompt): AnsweredCall[][] {
  const blocks = prompt.messages.flatMap((message) => message.content);
  const results = new Map(
    blocks.flatMap((block) => (block.type === 'tool_result' ? [[block.tool_use_id, block] as const] : [])),
  );
  return prompt.messages
    .filter((message) => message.role === 'assistant')
    .map((message) =>
      message.content.flatMap((block): AnsweredCall[] => {
        const result = block.type === 'tool_use' ? results.get(block.id) : undefined;
        if (block.type !== 'tool_use' || result === undefined) return [];
        const { name, input } = block;
        return [{ name, input, failed: result.is_error, resultText: textOfResult(result) }];
      }),
    );
}

function lineMatch(piece: Piece, pattern: RegExp): readonly (string | undefined)[] {
  return piece.kind === 'line' ? (pattern.exec(piece.text) ?? []) : [];
}

function numberAt(text: string, pattern: RegExp): number | null {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}
