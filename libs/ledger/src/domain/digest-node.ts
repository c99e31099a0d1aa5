import { estimateTokens } from '#contracts';
import { digestNumber, type TreePlace } from './digest-tree.js';
import { refOf } from './refs.js';

/** What a card and a digest take at most when they are told in full, fence and all. */
export const CARD_TOKENS_MAX = 60;
export const DIGEST_TOKENS_MAX = 160;
/** The most that the fence around the text takes: two keys of eight digits, two brackets, spaces, the end of the line. */
const FENCE_TOKENS = 18;

export type EndState = 'completed' | 'failed' | 'canceled';
/** Whether a text goes back to somebody outside; then it is told inside a fence. */
export type Taint = 'untrusted' | 'none';

/** How the ends came out that a node covers. They sum to its leaves. */
export type EndCounts = Readonly<Record<EndState, number>>;

/** The card of one end of a task. Its texts are one line each, and come from outside. */
export interface CardBody {
  readonly ref: string;
  readonly generation: number;
  readonly state: EndState;
  readonly attempts: number;
  readonly title: string;
  /** First line of the result, or why it failed; may be empty. */
  readonly outcome: string;
  readonly refs: readonly string[];
}

/** One thing to know about one task. */
export interface DigestItem {
  readonly ref: string;
  readonly text: string;
}

/** What a digest says of the ends that it covers; what it leaves out is in its children. */
export interface DigestBody {
  readonly headline: string;
  readonly shipped: readonly DigestItem[];
  readonly still_relevant: readonly DigestItem[];
  /** Failures and cancellations that nothing later has made good. */
  readonly watch: readonly DigestItem[];
  readonly refs: readonly { readonly ref: string; readonly state: EndState }[];
}

interface NodeFacts extends TreePlace {
  readonly counts: EndCounts;
  /** What it takes to tell it in full. */
  readonly tokens: number;
  readonly taint: Taint;
}

export interface CardNode extends NodeFacts {
  readonly writer: 'card';
  readonly body: CardBody;
}

export interface DigestNode extends NodeFacts {
  readonly writer: 'extractive' | 'model';
  readonly body: DigestBody;
}

export type TreeNode = CardNode | DigestNode;

/** What is told of a card in front of its text: facts of the ledger. */
export function cardHead({ ref, state, attempts, generation }: CardBody): string {
  const again = generation === 1 ? '' : `, generation ${generation}`;
  return `${ref} ${state} after ${attempts} attempt${attempts === 1 ? '' : 's'}${again}`;
}

export function cardText({ title, outcome }: CardBody): string {
  return outcome === '' ? title : `${title} — ${outcome}`;
}

/** What is told of a digest in front of its text: how many ends, how they came out, and the tasks worth naming. */
export function digestHead(place: TreePlace, counts: EndCounts, refs: DigestBody['refs']): string {
  const outcomes = END_STATES.filter((state) => counts[state] > 0).map((state) => {
    const named = refs.filter((one) => one.state === state).map(({ ref }) => ` ${ref}`);
    return `${counts[state]} ${state}${named.join('')}`;
  });
  return `${digestRef(place)}: ${outcomes.join(', ')}`;
}

/** The text of a digest on one line. */
export function digestText({ headline, shipped, still_relevant, watch }: DigestBody): string {
  return [
    headline,
    ...labelled('Watch', watch),
    ...labelled('Shipped', shipped),
    ...labelled('Still relevant', still_relevant),
  ].join(' | ');
}

export function digestRef(place: TreePlace): string {
  return refOf('G', digestNumber(place));
}

/** What it takes to tell a head and its text inside a fence. */
export function toldTokens(head: string, text: string): number {
  return estimateTokens(`${head} `) + estimateTokens(text) + FENCE_TOKENS;
}

export const END_STATES = ['completed', 'failed', 'canceled'] as const satisfies readonly EndState[];

function labelled(label: string, items: readonly DigestItem[]): string[] {
  if (items.length === 0) return [];
  return [`${label}: ${items.map(({ ref, text }) => `${ref} ${text}`).join('; ')}`];
}
