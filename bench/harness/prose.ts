import { countTokens } from '../../apps/simulator/src/index.js';
import { between, oneOf, type Random } from './random.js';

const WORDS = [
  'account archive backup balance branch budget button cache calendar catalogue chart client column config',
  'contract cookie counter cursor customer deadline default delivery device digest directory discount driver',
  'element endpoint engine entry error event export feature field filter folder footer format gateway graph',
  'handler header image import index input interval invoice journal label latency layout ledger library limit',
  'listener locale logger login mailer margin market memory merchant message method metric migration mirror',
  'module monitor network notice number object offset option order output owner package page parser password',
  'payment period picture pipeline platform pointer policy portal price printer process product profile prompt',
  'provider proxy query queue record refund region release report request resource response result retry review',
  'router runner sample schedule schema scope script search section segment sender server session setting shard',
  'signal snapshot socket source stage standard status storage stream string summary supplier switch symbol table',
  'target template tenant terminal thread ticket timer token topic trace transfer trigger update upload user value',
]
  .join(' ')
  .split(' ') as [string, ...string[]];

const SENTENCE_WORDS_MIN = 7;
const SENTENCE_WORDS_MAX = 14;

/** Sentences of common words, of as many tokens (by the simulator's rates) as asked for, give or take a sentence. */
export function proseOf(random: Random, tokens: number): string {
  const sentences: string[] = [];
  for (let written = 0; written < tokens;) {
    const sentence = sentenceOf(random, between(random, SENTENCE_WORDS_MIN, SENTENCE_WORDS_MAX));
    sentences.push(sentence);
    written += countTokens(`${sentence} `);
  }
  return sentences.join(' ');
}

/** A few words without a full stop, like a title. */
export function phraseOf(random: Random, words: number): string {
  return Array.from({ length: words }, () => oneOf(random, WORDS)).join(' ');
}

function sentenceOf(random: Random, words: number): string {
  const text = phraseOf(random, words);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
