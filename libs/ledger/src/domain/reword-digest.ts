import { CONDUCTOR_TOOLS } from '#contracts';
import type { DigestBody, DigestItem, DigestNode, TreeNode } from './digest-node.js';
import { oneLine } from './one-line.js';
import { digestFrom, extractBody } from './write-digest.js';

/** What a model makes of a digest: words alone. Counts and refs are the ledger's. */
export type DigestWording = Pick<DigestBody, 'headline' | 'shipped' | 'still_relevant' | 'watch'>;

/** A digest in a model's words, or why they were not taken. */
export type Rewording =
  { readonly kind: 'ok'; readonly node: DigestNode } | { readonly kind: 'refused'; readonly reason: string };

/**
 * The digest of eight nodes in a model's words. Each item names one task, once, and of those of which the nodes say the
 * same: nothing failed is told as shipped, and no failure is talked over by many items about another. Words that read as
 * an order or as a fence refuse the whole, since what breaks one rule is not trusted with the others. Lengths are not
 * the model's: whatever it writes is cut to the digest's 160 tokens.
 */
export function rewordDigest(eight: readonly TreeNode[], wording: DigestWording): Rewording {
  const known = extractBody(eight);
  const completed = [...known.shipped, ...known.still_relevant, ...known.refs.filter(isCompleted)];
  const words: DigestWording = {
    headline: oneLine(wording.headline),
    watch: wording.watch.map(onOneLine),
    shipped: wording.shipped.map(onOneLine),
    still_relevant: wording.still_relevant.map(onOneLine),
  };
  const reason =
    refsObjection('watch', words.watch, known.watch) ??
    refsObjection('shipped', words.shipped, completed) ??
    refsObjection('still_relevant', words.still_relevant, completed) ??
    wordsObjection(words);
  return reason === null
    ? { kind: 'ok', node: digestFrom(eight, { ...words, refs: known.refs }, 'model') }
    : { kind: 'refused', reason };
}

function isCompleted({ state }: DigestBody['refs'][number]): boolean {
  return state === 'completed';
}

function onOneLine({ ref, text }: DigestItem): DigestItem {
  return { ref, text: oneLine(text) };
}

function refsObjection(
  kind: string,
  items: readonly DigestItem[],
  known: readonly { readonly ref: string }[],
): string | null {
  const named = new Set<string>();
  for (const { ref } of items) {
    if (!known.some((one) => one.ref === ref))
      return `${kind} names a task that its sources do not tell of so`;
    if (named.has(ref)) return `${kind} names ${ref} twice`;
    named.add(ref);
  }
  return null;
}

/**
 * What reads as an order to a conductor, or as the structure of its context. A list of words keeps out what is plain; what
 * it lets through is told inside a fence all the same, and can do no more than any text from outside.
 */
const ORDERS: readonly RegExp[] = [
  new RegExp(`\\b(?:${CONDUCTOR_TOOLS.join('|')})\\b`, 'i'),
  /\b(?:call|use|invoke|run)\s+[a-z]+_[a-z_]+/i,
  /\b(?:ignore|disregard|forget|override|obey|bypass)\b/i,
  /\b(?:you|conductor|assistant|model)\s+(?:must|should|shall|are\s+to|have\s+to|need\s+to)\b/i,
  /\b(?:system\s+prompt|(?:previous|prior|above|new|following)\s+(?:instruction|directive|order|rule)s?)\b/i,
  /\bdirectives?\b|\bD[1-9]\d*\b/i,
];
const STRUCTURE = /[⟦⟧]|<<|>>|<\/?[a-z]|```|\{\s*"|(?:^|\s)#{1,6}\s|\bZ\d\b/iu;

function wordsObjection({ headline, watch, shipped, still_relevant }: DigestWording): string | null {
  if (headline === '') return 'there is no headline';
  const texts = [headline, ...[...watch, ...shipped, ...still_relevant].map(({ text }) => text)];
  if (texts.some((text) => text === '')) return 'an item says nothing';
  // What looks like a letter of another form is read as that letter.
  const read = texts.map((text) => text.normalize('NFKC'));
  if ([...texts, ...read].some((text) => STRUCTURE.test(text))) return 'it contains marks of structure';
  return read.some((text) => ORDERS.some((order) => order.test(text))) ? 'it reads as an order' : null;
}
