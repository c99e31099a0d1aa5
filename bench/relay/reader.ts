import type { Fact } from './world.js';

/** Answers a read tool's call as the conductor would be answered. */
export type Read = (tool: string, input: Readonly<Record<string, unknown>>) => Promise<string>;

/** How a fact was found: in what the conductor was sent, or by so many reads; null when it was not. */
export type Found = 0 | 1 | 2 | null;

interface Pointer {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

const READS_MAX = 2;

/**
 * Looks for a fact as one who knows its subject and nothing else: first in the text, then by at most two reads. A read
 * is a call that the text shows, a search with the subject in place of its empty query, or `ledger_get` of a ref that
 * stands on a line with the subject; the second may rest on what the first one returned. Nothing else is tried.
 */
export async function findFact(fact: Fact, context: string, read: Read): Promise<Found> {
  if (context.includes(fact.code)) return 0;
  let seen = context;
  const tried = new Set<string>();
  for (let reads = 1; reads <= READS_MAX; reads += 1) {
    const pointer = pointersFor(fact, seen).find((call) => !tried.has(JSON.stringify(call)));
    if (pointer === undefined) return null;
    tried.add(JSON.stringify(pointer));
    seen = await read(pointer.tool, pointer.input);
    if (seen.includes(fact.code)) return reads === 1 ? 1 : 2;
  }
  return null;
}

/** The calls that a text suggests for a subject, the most telling first. */
function pointersFor({ kind, subject }: Fact, text: string): Pointer[] {
  const lines = text.split('\n');
  const about = lines.flatMap((line, index) =>
    line.toLowerCase().includes(subject.toLowerCase()) ? [recordAround(lines, index)] : [],
  );
  const artifacts = about.flatMap((record) => record.match(/\bart_[0-9a-z]{26}\b/g) ?? []);
  const refs = about.flatMap((record) => /^([TAND][1-9]\d*)\b/.exec(record)?.[1] ?? []);
  const shown = callsIn(text);
  const wanted = kind === 'outcome' || kind === 'artifact' ? 'tasks' : 'notes';
  return [
    ...artifacts.map((id) => ({ tool: 'artifact_read', input: { id } })),
    ...refs.map((ref) => ({ tool: 'ledger_get', input: { refs: [ref] } })),
    ...shown
      .filter(({ tool, input }) => tool === 'ledger_search' && (input['in'] ?? 'tasks') === wanted)
      .map(({ tool, input }) => ({ tool, input: { ...input, query: subject } })),
    ...shown.filter(({ tool }) => tool !== 'ledger_search'),
  ];
}

/** The line that begins the record in which a line stands, with that line: a read's facts come before its texts. */
function recordAround(lines: readonly string[], index: number): string {
  for (let above = index; above >= 0; above -= 1) {
    const line = lines[above] ?? '';
    if (/^[TAND][1-9]\d*\b/.test(line)) return line;
    if (line === '' || line.startsWith('#')) break;
  }
  return lines[index] ?? '';
}

function callsIn(text: string): Pointer[] {
  return [
    ...text.matchAll(/\b(ledger_get|ledger_search|digest_expand|artifact_read) (\{.*?\})(?=[).\s]|$)/gm),
  ].flatMap(([, tool = '', json = '']) => {
    const input = parsed(json);
    return input === null ? [] : [{ tool, input }];
  });
}

function parsed(json: string): Record<string, unknown> | null {
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    return null;
  }
}
