import type { ContextManifest, ContextSection, Decision, Wave } from '../../api/generated/types.gen.js';
import { count, wholeNumber } from '../../ui/format.js';

export type SectionName = ContextSection['name'];

/** Of a request: which part of it carries which section, in this order. */
const SYSTEM_SECTIONS: readonly SectionName[] = ['Z1', 'Z2', 'Z3'];
const USER_SECTIONS: readonly SectionName[] = ['Z4', 'Z5', 'Z6', 'Z7', 'Z8'];

export interface Composition {
  readonly parts: readonly {
    readonly name: SectionName;
    readonly title: string;
    readonly tokens: number;
    readonly percent: number;
  }[];
  readonly freeTokens: number;
}

/** The bar: each section's share of the context budget in percent, and what stays free of it. */
export function compositionOf(context: ContextManifest): Composition {
  return {
    parts: context.sections.map(({ name, title, tokens }) => ({
      name,
      title,
      tokens,
      percent: (100 * tokens) / context.budget_tokens,
    })),
    freeTokens: Math.max(0, context.budget_tokens - context.total_tokens),
  };
}

/** "12 blocks, 3 shortened, 40 left out": how much of a section's subject is on the page. */
export function coverageOf(section: ContextSection): string {
  const shown = section.blocks.filter(({ ref }) => ref !== 'heading' && ref !== 'omitted').length;
  const sum = (isShortened: boolean) =>
    section.omitted
      .filter(({ reason }) => (reason === 'shortened') === isShortened)
      .reduce((total, omission) => total + omission.count, 0);
  const [shortened, leftOut] = [sum(true), sum(false)];
  return [
    count(shown, 'block'),
    ...(shortened > 0 ? [`${wholeNumber(shortened)} shortened`] : []),
    ...(leftOut > 0 ? [`${wholeNumber(leftOut)} left out`] : []),
  ].join(', ');
}

const REASONS: Readonly<Record<string, string>> = {
  shortened: 'shortened',
  no_room: 'no room',
  next_wave: 'waits for the next wave',
};

/** What was left out, why, and the call that fetches it. */
export function omissionText({
  ref,
  count: number,
  reason,
  fetch,
}: ContextSection['omitted'][number]): string {
  const what = ref ?? `${wholeNumber(number)} more`;
  return `${what}: ${REASONS[reason] ?? reason}${fetch === null ? '' : ` (${fetch})`}`;
}

interface SentRequest {
  readonly tools: unknown;
  readonly system: readonly { readonly text: string }[];
  readonly messages: readonly { readonly content: readonly { readonly text: string }[] }[];
}

/** A section exactly as it stood in the first request; empty when nothing was sent. */
export function sectionText(context: ContextManifest, name: SectionName): string {
  const [request] = context.requests as unknown as readonly SentRequest[]; // the bodies that the builder made
  if (request === undefined) return '';
  if (name === 'Z0') return JSON.stringify(request.tools, null, 2);
  const [blocks, place] = SYSTEM_SECTIONS.includes(name)
    ? [request.system, SYSTEM_SECTIONS.indexOf(name)]
    : [request.messages[0]?.content ?? [], USER_SECTIONS.indexOf(name)];
  return blocks[place]?.text ?? '';
}

/** What a decision came to: "task review · T3, T4", and why it was rejected. */
export function decisionTitle({ tool, input, changed }: Decision): string {
  const refs = changed.map(({ ref }) => ref).join(', ');
  return [tool.replaceAll('_', ' '), refs === '' ? namedIn(input) : refs]
    .filter((part) => part !== '')
    .join(' · ');
}

function namedIn(input: unknown): string {
  if (typeof input !== 'object' || input === null) return '';
  const { ref, key } = input as { ref?: unknown; key?: unknown };
  return [ref, key].find((name): name is string => typeof name === 'string') ?? '';
}

/** Where a row that a decision changed is shown; null for what has no page of its own. */
export function addressOfChange({ kind, id }: Decision['changed'][number]): string | null {
  return kind === 'task' || id.startsWith('tsk_') ? `/tasks/${id}` : null;
}

/** Seconds that a wave took; null while it runs. */
export function secondsOf({ started_at: start, ended_at: end }: Wave): number | null {
  return end === null ? null : (Date.parse(end) - Date.parse(start)) / 1_000;
}

/** How the input of a wave was paid for: shares of one. */
export function cacheShares({ usage }: Wave): {
  readonly fresh: number;
  readonly written: number;
  readonly read: number;
} {
  const total = usage.input_tokens + usage.cache_write_tokens + usage.cache_read_tokens;
  const share = (tokens: number) => (total === 0 ? 0 : tokens / total);
  return {
    fresh: share(usage.input_tokens),
    written: share(usage.cache_write_tokens),
    read: share(usage.cache_read_tokens),
  };
}

/** Whether the ledger still makes the same bytes, in words. */
export function rebuildText({
  equal,
  sha256,
  expected_sha256: expected,
}: NonNullable<ContextManifest['rebuild']>): string {
  return equal
    ? `The ledger makes the same bytes again (sha-256 ${sha256.slice(0, 12)}…).`
    : `The bytes differ: now ${sha256.slice(0, 12)}…, then ${expected.slice(0, 12)}…. Was the service upgraded since?`;
}
