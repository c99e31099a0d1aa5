import type { ConductorSnapshot, SnapshotInboxItem } from '#ledger';
import { cutToTokens } from '../domain/estimate.js';
import { excerptLadder, resultPointers, resultText } from './excerpt.js';
import type { FenceKeys } from '../domain/fence.js';
import { cleanLine, cleanText } from '../domain/outside-text.js';
import { minimumTokens } from '../domain/pack-section.js';
import {
  getCall,
  guaranteedList,
  type Item,
  type Ladder,
  rung,
  type SectionPlan,
} from '../domain/section-plan.js';

/** The page, in its order: the person lane first, then oldest first. */
export interface InboxPage {
  readonly items: readonly Item[];
  /** Unseen items that are not among them. */
  readonly waiting: number;
}

/** Every item that may be on the page: at most `countMax`, the rest of the snapshot's waits. */
export function inboxPage(
  { inbox, inboxSpill }: Pick<ConductorSnapshot, 'inbox' | 'inboxSpill'>,
  countMax: number,
  keyOf: FenceKeys,
): InboxPage {
  const items = inbox.slice(0, countMax).map((item) => inboxItem(item, keyOf));
  return { items, waiting: inboxSpill + inbox.length - items.length };
}

/**
 * The first items of a page, as many as fit in `roomTokens` with at least a card each. One always stays: a wave that
 * reads nothing would be repeated for ever.
 */
export function fittingPage(page: InboxPage, roomTokens: number): InboxPage {
  for (let count = page.items.length; count > 1; count -= 1) {
    const shorter = firstOf(page, count);
    if (minimumTokens(inboxPlan(shorter)) <= roomTokens) return shorter;
  }
  return firstOf(page, 1);
}

/** Section Z7. */
export function inboxPlan({ items, waiting }: InboxPage): SectionPlan {
  const heading = `# Z7 Inbox page\nItems ${items.length} on this page, ${waiting} more wait.\n`;
  return {
    name: 'Z7',
    lists: [guaranteedList('inbox', heading, items)],
    omitted: waiting > 0 ? [{ ref: null, count: waiting, reason: 'next_wave', fetch: null }] : [],
  };
}

function firstOf({ items, waiting }: InboxPage, count: number): InboxPage {
  const kept = items.slice(0, count);
  return { items: kept, waiting: waiting + items.length - kept.length };
}

function inboxItem(item: SnapshotInboxItem, keyOf: FenceKeys): Item {
  return {
    ref: item.ref,
    source: `inbox ${item.kind}`,
    ladder: inboxLadder(item, keyOf),
    guaranteed: true,
    worth: worthOf(item),
    fetch: getCall(['attemptRef' in item ? item.attemptRef : item.ref]),
  };
}

/** What a person says outranks what a worker hands in. */
const WORTH = { person: 100, message: 50, result: 40, other: 20 } as const;

function worthOf(item: SnapshotInboxItem): number {
  if (item.kind === 'message') return item.trusted ? WORTH.person : WORTH.message;
  if (item.kind === 'answer') return item.source === 'person' ? WORTH.person : WORTH.message;
  return item.kind === 'attempt_succeeded' || item.kind === 'attempt_late' ? WORTH.result : WORTH.other;
}

function inboxLadder(item: SnapshotInboxItem, keyOf: FenceKeys): Ladder {
  switch (item.kind) {
    case 'message':
      return excerptLadder({
        text: item.text,
        before: `## ${item.ref} message${item.trusted ? ' trusted' : ''}\n`,
        after: '',
        frame: item.trusted ? 'person' : 'untrusted',
        key: keyOf(item.ref),
        fetch: getCall([item.ref]),
      });
    case 'answer':
      return answerLadder(item, keyOf);
    case 'attempt_succeeded':
    case 'attempt_late':
    case 'attempt_failed':
    case 'attempt_exhausted': {
      const fetch = getCall([item.attemptRef]);
      return excerptLadder({
        text: 'result' in item ? resultText(item.result) : item.error,
        before: `## ${item.ref} ${item.kind} ${item.taskRef} ${item.attemptRef}\n`,
        after: 'result' in item ? resultPointers(item.result, fetch) : '',
        frame: 'untrusted',
        key: keyOf(item.attemptRef),
        fetch,
      });
    }
    default:
      return [rung('full', `## ${item.ref} ${item.kind} ${detailsOf(item)}\n`)];
  }
}

/** The answer with what was asked beside it: no conductor remembers having asked. */
function answerLadder(item: Extract<SnapshotInboxItem, { kind: 'answer' }>, keyOf: FenceKeys): Ladder {
  const fetch = getCall([item.inputRef]);
  const by = item.source === 'person' ? 'trusted' : item.source === 'default' ? 'by default' : '';
  const heading = `## ${item.ref} answer ${item.inputRef} ${item.about} ${by}`.trimEnd();
  return excerptLadder({
    text: item.comment === '' ? item.value : `${item.value}\n${item.comment}`,
    before: `${heading}\n${askedText(item)}`,
    after: '',
    frame: item.source === 'person' ? 'person' : 'untrusted',
    key: keyOf(item.ref),
    fetch,
  });
}

const ASKED_TOKENS_MAX = 60;

/**
 * A question as a conductor wrote it: outside fences like a note, further lines set in. What an approval or a hold asked
 * quotes others, so that only what it was about is told.
 */
function askedText(item: Extract<SnapshotInboxItem, { kind: 'answer' }>): string {
  const { prompt, inputRef, about, taskRefs, taskTotal } = item;
  if (about !== 'question') {
    const unnamed = taskTotal - taskRefs.length;
    const names = [...taskRefs, ...(unnamed > 0 ? [`+${unnamed}`] : [])].join(',');
    return names === '' ? '' : `Asked: ${about} of ${names}\n`;
  }
  const whole = cleanText(prompt);
  const said = cutToTokens(whole, ASKED_TOKENS_MAX);
  const cut = said === whole ? '' : `(shortened: ${getCall([inputRef])})\n`;
  return `Asked: ${said.replaceAll('\n', '\n  ')}\n${cut}`;
}

type LineItem = Extract<
  SnapshotInboxItem,
  { kind: 'submission' | 'dependency_failed' | 'decision_rejected' | 'input_expired' }
>;

const BLOCKED_REFS_NAMED_MAX = 10;
const SUBJECT_TOKENS_MAX = 25;
const REASON_TOKENS_MAX = 80;

function detailsOf(item: LineItem): string {
  switch (item.kind) {
    case 'submission':
      return item.count === 1
        ? `${item.firstRef} (1 task)`
        : `${item.firstRef}..${item.lastRef} (${item.count} tasks)`;
    case 'dependency_failed': {
      const named = item.blockedRefs.slice(0, BLOCKED_REFS_NAMED_MAX);
      const unnamed = item.blockedTotal - named.length;
      return `${item.taskRef} blocks ${[...named, ...(unnamed > 0 ? [`+${unnamed}`] : [])].join(',')}`;
    }
    case 'input_expired':
      return `${item.inputRef} (${item.then}): ${shortLine(item.prompt, REASON_TOKENS_MAX)}`;
    case 'decision_rejected':
      return `${item.tool} ${shortLine(item.subject, SUBJECT_TOKENS_MAX)}: ${shortLine(item.reason, REASON_TOKENS_MAX)}`;
  }
}

/** Unfenced, because mostly our own words; a key that a model chose may be in it, so it is cleaned and kept short. */
function shortLine(text: string, tokensMax: number): string {
  return cutToTokens(cleanLine(text, 4 * tokensMax), tokensMax);
}
