import { cutToTokens, estimateTokens } from '#contracts';
import {
  digestHead,
  digestText,
  DIGEST_TOKENS_MAX,
  toldTokens,
  type CardBody,
  type DigestBody,
  type DigestItem,
  type DigestNode,
  type EndCounts,
  type EndState,
  type TreeNode,
} from './digest-node.js';
import { parentPlace, type TreePlace } from './digest-tree.js';

/** Tasks named in front of a digest's text. */
const REFS_MAX = 6;
const HEADLINE_TOKENS_MAX = 24;
/** What one digest says of each kind at most, and how long each may be. */
const WATCH = { itemsMax: 6, tokensMax: 18 } as const;
const SHIPPED = { itemsMax: 6, tokensMax: 10 } as const;
const STILL_RELEVANT = { itemsMax: 3, tokensMax: 16 } as const;
/** What names a kind in the text, and what parts two items, at their most. */
const LABEL_TOKENS = 9;
const ITEM_TOKENS = 2;
/** Between the first and the last of what a headline spans. */
const SPAN = ' … ';

/**
 * The extractive writer: the digest of eight nodes in at most 160 tokens, without a model. What failed and has not been
 * made good comes first; then one thing of each node, the newest first, then the next of each, while there is room.
 * Pure: the same eight give the same digest.
 */
export function extractDigest(eight: readonly TreeNode[]): DigestNode {
  return digestFrom(eight, extractBody(eight), 'extractive');
}

/**
 * The digest of eight nodes in the words of `body`, as far as there is room for them. Counts, refs and taint are those
 * of the nodes whatever it claims, and a failure about which it is silent is told all the same.
 */
export function digestFrom(
  eight: readonly TreeNode[],
  body: DigestBody,
  writer: DigestNode['writer'],
): DigestNode {
  const known = extractBody(eight);
  const told = new Set(body.watch.map(({ ref }) => ref));
  const place = placeOver(eight);
  const counts = sumCounts(eight);
  const fitted = fitBody(digestHead(place, counts, known.refs), {
    ...body,
    watch: [...body.watch, ...known.watch.filter(({ ref }) => !told.has(ref))],
    refs: known.refs,
  });
  return {
    ...place,
    counts,
    tokens: toldTokens(digestHead(place, counts, known.refs), digestText(fitted)),
    taint: eight.some(({ taint }) => taint === 'untrusted') ? 'untrusted' : 'none',
    writer,
    body: fitted,
  };
}

function placeOver(eight: readonly TreeNode[]): TreePlace {
  const [oldest] = eight;
  if (oldest === undefined) throw new Error('there is no digest of nothing');
  return parentPlace(oldest);
}

function sumCounts(nodes: readonly TreeNode[]): EndCounts {
  const sum = (state: EndState): number => nodes.reduce((total, { counts }) => total + counts[state], 0);
  return { completed: sum('completed'), failed: sum('failed'), canceled: sum('canceled') };
}

/** All that the nodes say, most telling first. What a later end of the same task has overtaken is gone. */
function extractBody(nodes: readonly TreeNode[]): DigestBody {
  const bodies = nodes.map((node) => (node.writer === 'card' ? bodyOfCard(node.body) : node.body));
  const completed = lastCompleted(bodies);
  const isCurrent = ({ ref }: { ref: string }, place: number): boolean => place >= (completed.get(ref) ?? 0);
  const current = (kind: 'watch' | 'shipped' | 'still_relevant'): DigestItem[] =>
    inTurns(
      newestOfEach(bodies.map((body) => body[kind])).map((items, place) =>
        items.filter((item) => isCurrent(item, place)),
      ),
    );
  const refs = inTurns(
    newestOfEach(bodies.map((body) => body.refs)).map((items, place) =>
      items.filter((item) => isCurrent(item, place)),
    ),
  );
  return {
    headline: spanOf(bodies[0]?.headline ?? '', bodies.at(-1)?.headline ?? ''),
    watch: current('watch'),
    shipped: current('shipped'),
    still_relevant: current('still_relevant'),
    refs: [...refs].sort((left, right) => URGENCY[left.state] - URGENCY[right.state]).slice(0, REFS_MAX),
  };
}

const URGENCY: Readonly<Record<EndState, number>> = { failed: 0, canceled: 1, completed: 2 };

function bodyOfCard({ ref, state, title, outcome }: CardBody): DigestBody {
  const refs = [{ ref, state }];
  const none = { shipped: [], still_relevant: [], watch: [] };
  if (state !== 'completed') {
    const text = [`${state}: ${title}`, outcome].filter((part) => part !== '').join(' — ');
    return { ...none, headline: title, refs, watch: [{ ref, text }] };
  }
  return {
    ...none,
    headline: title,
    refs,
    shipped: [{ ref, text: title }],
    still_relevant: outcome === '' ? [] : [{ ref, text: outcome }],
  };
}

/** Of each task that completed, the place of the last body that says so. */
function lastCompleted(bodies: readonly DigestBody[]): ReadonlyMap<string, number> {
  return new Map(
    bodies.flatMap(({ shipped, still_relevant, refs }, place) =>
      [...shipped, ...still_relevant, ...refs.filter(({ state }) => state === 'completed')].map(
        ({ ref }) => [ref, place] as const,
      ),
    ),
  );
}

/** The lists without what a later one says anew of the same task. */
function newestOfEach<One extends { readonly ref: string }>(lists: readonly (readonly One[])[]): One[][] {
  const newest = new Map(lists.flatMap((list, place) => list.map(({ ref }) => [ref, place] as const)));
  return lists.map((list, place) => list.filter(({ ref }) => newest.get(ref) === place));
}

/** The first of each list, the last list first; then the second of each; and so on. */
function inTurns<One>(lists: readonly (readonly One[])[]): One[] {
  const newestFirst = lists.toReversed();
  const turns = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: turns }, (_, turn) =>
    newestFirst.flatMap((list) => list.slice(turn, turn + 1)),
  ).flat();
}

/** From the first thing that the first headline names to the last that the last one does. */
function spanOf(first: string, last: string): string {
  const from = first.split(SPAN, 1)[0] ?? '';
  const to = last.split(SPAN).at(-1) ?? '';
  const half = HEADLINE_TOKENS_MAX / 2 - 1;
  return from === to || from === '' || to === ''
    ? cutToTokens(from === '' ? to : from, HEADLINE_TOKENS_MAX)
    : `${cutToTokens(from, half)}${SPAN}${cutToTokens(to, half)}`;
}

/** As much of a body as can be told after `head`: its headline, then watch items, what was shipped, what is still relevant. */
function fitBody(head: string, body: DigestBody): DigestBody {
  let room = DIGEST_TOKENS_MAX - toldTokens(head, '');
  const headline = cutToTokens(body.headline, Math.max(0, Math.min(HEADLINE_TOKENS_MAX, room)));
  room -= estimateTokens(headline);
  const fit = (
    items: readonly DigestItem[],
    { itemsMax, tokensMax }: typeof WATCH | typeof SHIPPED | typeof STILL_RELEVANT,
  ) => {
    const fitted = fitItems(items.slice(0, itemsMax), tokensMax, room);
    room = fitted.room;
    return fitted.items;
  };
  const watch = fit(body.watch, WATCH);
  const shipped = fit(body.shipped, SHIPPED);
  return {
    headline,
    watch,
    shipped,
    still_relevant: fit(body.still_relevant, STILL_RELEVANT),
    refs: body.refs,
  };
}

/** Items from the first on, each cut to `tokensMax`, while there is room; and the room that they leave. */
function fitItems(
  items: readonly DigestItem[],
  tokensMax: number,
  room: number,
): { readonly items: DigestItem[]; readonly room: number } {
  const fitted: DigestItem[] = [];
  let left = room - LABEL_TOKENS;
  for (const { ref, text } of items) {
    const item = { ref, text: cutToTokens(text, tokensMax) };
    const tokens = estimateTokens(`${item.ref} `) + estimateTokens(item.text) + ITEM_TOKENS;
    if (tokens > left) break;
    fitted.push(item);
    left -= tokens;
  }
  return fitted.length === 0 ? { items: [], room } : { items: fitted, room: left };
}
