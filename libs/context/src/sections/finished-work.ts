import {
  CARD_TOKENS_MAX,
  cardHead,
  cardText,
  type CardNode,
  type ConductorSnapshot,
  DIGEST_TOKENS_MAX,
  digestHead,
  digestRef,
  digestText,
  type DigestNode,
  type TreeNode,
} from '#ledger';
import { cutToTokens, estimateTokens } from '../domain/estimate.js';
import { type FenceKeys, fencedTitle } from '../domain/fence.js';
import { cleanLine } from '../domain/outside-text.js';
import {
  decayed,
  getCall,
  type Item,
  type Ladder,
  type Rung,
  type RungName,
  rung,
  searchCall,
  type SectionPlan,
} from '../domain/section-plan.js';

/** The search is named here because a digest names few of its titles: with it, any end is one read away. */
const HEADING = `# Z4 Finished work
Oldest first: G digests of 8, 64 … ends of tasks, then single ends. By words of a title: ${searchCall('completed')}.
`;
/** A failure or a cancellation bears on what to do next; most of what succeeded only orients. A digest speaks for many. */
const WORTH = { completed: 10, failed: 30, canceled: 15, digest: 40 } as const;
/** No mission has so many cards and digests live that the oldest would count for nothing. */
const WORTH_HALVED_AT = 50;
const CARD_LINE_TOKENS_MAX = 45;
const DIGEST_LINE_TOKENS_MAX = 60;
const DIGEST_CARD_TOKENS_MAX = 100;
/** The bound is in tokens; this one only keeps a hostile text from being cleaned whole. */
const TEXT_CHARACTERS_MAX = 600;

/**
 * Section Z4: the digest tree's live nodes, oldest and highest level first. It depends on nothing but the ends of tasks
 * (and on how their digests are worded), so that the cached prefix reaches to its end: another end appends a card, or
 * turns the last eight of a level into one digest.
 */
export function finishedWorkPlan(
  { finished }: Pick<ConductorSnapshot, 'finished'>,
  keyOf: FenceKeys,
): SectionPlan {
  const items = finished.map((node, place) => finishedItem(node, finished.length - 1 - place, keyOf));
  const list = {
    source: 'finished',
    heading: HEADING,
    items,
    rest: { unlisted: 0, fetch: fetchCall },
  };
  return { name: 'Z4', lists: [list], omitted: [] };
}

/** One thing that is left out is opened itself; more of them are found from the root. */
function fetchCall(refs: readonly string[]): string {
  const [only, ...others] = refs;
  if (only === undefined || others.length > 0) return expandCall('root');
  return only.startsWith('G') ? expandCall(only) : getCall([only]);
}

function expandCall(ref: string): string {
  return `digest_expand ${JSON.stringify({ ref })}`;
}

function finishedItem(node: TreeNode, age: number, keyOf: FenceKeys): Item {
  return node.writer === 'card' ? cardItem(node, age, keyOf) : digestItem(node, age, keyOf);
}

function cardItem({ body }: CardNode, age: number, keyOf: FenceKeys): Item {
  const key = keyOf(`${body.ref}.${body.generation}`);
  const told = (name: RungName, text: string, tokensMax: number): Rung =>
    toldRung(name, { head: cardHead(body), key, text, tokensMax });
  return {
    ref: body.ref,
    source: 'card',
    ladder: ladderOf(
      told('full', cardText(body), CARD_TOKENS_MAX),
      told('line', body.title, CARD_LINE_TOKENS_MAX),
    ),
    guaranteed: false,
    worth: decayed(WORTH[body.state], age, WORTH_HALVED_AT),
    fetch: getCall([body.ref]),
  };
}

function digestItem(node: DigestNode, age: number, keyOf: FenceKeys): Item {
  const { body, counts } = node;
  const ref = digestRef(node);
  const key = keyOf(ref, node.writer === 'model' ? 1 : 0);
  const head = digestHead(node, counts, body.refs);
  const counted = digestHead(node, counts, []);
  const watch = digestText({ ...body, shipped: [], still_relevant: [] });
  return {
    ref,
    source: `digest ${node.level} ${node.writer}`,
    ladder: ladderOf(
      toldRung('full', { head, key, text: digestText(body), tokensMax: DIGEST_TOKENS_MAX }),
      toldRung('line', { head: counted, key, text: body.headline, tokensMax: DIGEST_LINE_TOKENS_MAX }),
      toldRung('card', { head, key, text: watch, tokensMax: DIGEST_CARD_TOKENS_MAX }),
    ),
    guaranteed: false,
    worth: decayed(WORTH.digest, age, WORTH_HALVED_AT),
    fetch: expandCall(ref),
  };
}

/** A head and as much of its text, fenced, as `tokensMax` let through; whatever is in the ledger, it is never more. */
function toldRung(
  name: RungName,
  { head, key, text, tokensMax }: { head: string; key: string; text: string; tokensMax: number },
): Rung {
  const say = (said: string): string => `${head} ${fencedTitle(key, said, TEXT_CHARACTERS_MAX)}\n`;
  const room = tokensMax - estimateTokens(say(''));
  return rung(name, say(cutToTokens(cleanLine(text, TEXT_CHARACTERS_MAX), Math.max(0, room - 1))));
}

/** From the shortest; without the rungs that say no more than the next one. */
function ladderOf(full: Rung, ...shorter: readonly Rung[]): Ladder {
  const kept = shorter.filter(({ tokens }, place) => tokens < (shorter[place + 1] ?? full).tokens);
  return [...kept, full];
}
