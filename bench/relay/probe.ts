import { buildContext, type ContextInput } from '#context';
import { findFact, type Found, type Read } from './reader.js';
import type { Fact, FactKind, Truth } from './world.js';

/** Facts of one kind, and how many of them a policy still has. */
export interface Recall {
  readonly facts: number;
  readonly in_context: number;
  readonly within_2_reads: number;
}

export interface Retention {
  readonly rotation: number;
  readonly context_tokens: number;
  /** Shares from 0 to 1. */
  readonly directives: number;
  readonly recall_in_context: number;
  readonly recall_within_2_reads: number;
  /** What something else took the place of and is still shown as if it held. */
  readonly stale: number;
  readonly by_kind: Readonly<Partial<Record<FactKind, Recall>>>;
}

/** What a policy lets its conductor see: one text, how large it is, and what it can ask; null when it can ask nothing. */
export interface Sight {
  readonly text: string;
  /** The part that says what is in force. */
  readonly inForceText: string;
  readonly tokens: number;
  readonly read: Read | null;
}

/** Of results alone so many are asked for, the oldest and the newest among them: there are thousands. */
const RESULTS_ASKED_MAX = 200;

/** Asks for every directive and note in force and for results evenly out of all, and looks for what no longer holds. */
export async function measureRetention(sight: Sight, truth: Truth, rotation: number): Promise<Retention> {
  const results = truth.inForce.filter(isResult);
  const asked = [...truth.inForce.filter((fact) => !isResult(fact)), ...evenly(results, RESULTS_ASKED_MAX)];
  const found: { fact: Fact; found: Found }[] = [];
  for (const fact of asked)
    found.push({ fact, found: await findFact(fact, sight.text, sight.read ?? NOTHING_TO_ASK) });
  const all = recallOf(found);
  const directives = found.filter(({ fact }) => fact.kind === 'directive');
  const kept = directives.filter(({ fact }) => sight.text.includes(fact.text));
  return {
    rotation,
    context_tokens: sight.tokens,
    directives: share(kept.length, directives.length),
    recall_in_context: share(all.in_context, all.facts),
    recall_within_2_reads: share(all.within_2_reads, all.facts),
    stale: truth.replaced.filter(({ code }) => sight.inForceText.includes(code)).length,
    by_kind: Object.fromEntries(
      [...new Set(asked.map(({ kind }) => kind))].map((kind) => [
        kind,
        recallOf(found.filter(({ fact }) => fact.kind === kind)),
      ]),
    ),
  };
}

/** The same snapshot as a poorer policy would have kept it. */
export type Ablation = (input: ContextInput) => ContextInput;

export const WHOLE: Ablation = (input) => input;

/** No registers and no pinned directives: what was said in messages is gone, finished work is digested. */
export const DIGEST_ONLY: Ablation = (input) => ({
  ...input,
  snapshot: { ...input.snapshot, directives: [], notes: [], notesTotal: 0 },
});

/** What a conductor would see of a snapshot. Throws when the mission is overcommitted, which no world here makes it. */
export function sightOf(input: ContextInput, ablation: Ablation, read: Read | null): Sight {
  const pack = buildContext(ablation(input));
  if (pack.kind === 'overcommitted') throw new Error('the world obliges more than the budget allows');
  const { system, messages } = pack.request;
  const texts = [...system, ...messages[0].content].map(({ text }) => text);
  return {
    text: texts.join('\n'),
    inForceText: texts.filter((text) => /^# Z[35] /.test(text)).join('\n'),
    tokens: pack.totalTokens,
    read,
  };
}

const NOTHING_TO_ASK: Read = () => Promise.resolve('');

function recallOf(found: readonly { readonly found: Found }[]): Recall {
  return {
    facts: found.length,
    in_context: found.filter((one) => one.found === 0).length,
    within_2_reads: found.filter((one) => one.found !== null).length,
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : Number((part / whole).toFixed(4));
}

function isResult({ kind }: Fact): boolean {
  return kind === 'outcome' || kind === 'artifact';
}

function evenly<Value>(values: readonly Value[], most: number): Value[] {
  if (values.length <= most) return [...values];
  return Array.from({ length: most }, (_value, index) =>
    values.slice(Math.floor((index * (values.length - 1)) / (most - 1))),
  ).flatMap(([first]) => (first === undefined ? [] : [first]));
}
