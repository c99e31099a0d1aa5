import { cutToTokens, estimateTokens, toStorableText } from '#contracts';
import {
  CARD_TOKENS_MAX,
  cardHead,
  cardText,
  toldTokens,
  type CardBody,
  type CardNode,
  type EndState,
} from './digest-node.js';
import { refOf } from './refs.js';

/** Texts are read no further than this. */
const TEXT_CHARACTERS_READ_MAX = 2_000;
/** Of the room for text, what a title takes at most beside an outcome. */
const TITLE_SHARE = 0.55;
/** The dash between title and outcome. */
const DASH_TOKENS = 2;

/** One end of a task, as the ledger knows it when it happens. */
export interface TaskEnd {
  readonly number: number;
  readonly generation: number;
  readonly state: EndState;
  readonly attempts: number;
  readonly title: string;
  readonly outcome: string;
}

/** The card of an end, for the leaf with that number: facts, title and outcome in at most 60 tokens. */
export function writeCard(end: TaskEnd, leaf: number): CardNode {
  const ref = refOf('T', end.number);
  const facts = { ref, generation: end.generation, state: end.state, attempts: end.attempts, refs: [ref] };
  const whole: CardBody = { ...facts, title: oneLine(end.title), outcome: oneLine(end.outcome) };
  const body = fitTexts(whole);
  return {
    level: 0,
    first: leaf,
    last: leaf,
    counts: { completed: 0, failed: 0, canceled: 0, [end.state]: 1 },
    tokens: toldTokens(cardHead(body), cardText(body)),
    taint: cardText(body) === '' ? 'none' : 'untrusted',
    writer: 'card',
    body,
  };
}

function fitTexts(body: CardBody): CardBody {
  const room = CARD_TOKENS_MAX - toldTokens(cardHead(body), '');
  if (estimateTokens(cardText(body)) <= room) return body;
  const title = cutToTokens(body.title, body.outcome === '' ? room : Math.floor(room * TITLE_SHARE));
  return {
    ...body,
    title,
    outcome: cutToTokens(body.outcome, Math.max(0, room - estimateTokens(title) - DASH_TOKENS)),
  };
}

/** Text from outside on one line, without what cannot be seen. */
function oneLine(text: string): string {
  return toStorableText(text.slice(0, TEXT_CHARACTERS_READ_MAX))
    .replace(/[\p{C}\p{Z}\s]+/gu, ' ')
    .trim();
}
