import type { CountedUsage } from '#model';
import { NO_REQUESTS, plus, type Tally } from '../harness/tally.js';
import { arrivesCold, type Weather } from '../harness/weather.js';

/** One turn of a conversation: what it was told, what it answered, and during which burst. */
export interface Turn {
  readonly newsTokens: number;
  readonly outputTokens: number;
  readonly burst: number;
}

export interface ConversationPolicy {
  /** Tools, role and directives: what any conductor of the mission must be told. */
  readonly prefixTokens: number;
  /** Past so many input tokens the conversation is summed up and begins again from the summary; null never does. */
  readonly compactAtTokens: number | null;
}

const SUMMARY_TOKENS = 2_000;
/** The question that asks for a summary. */
const SUMMARY_ASK_TOKENS = 60;
/** What the answer to a tool call takes in the next request beside what is news. */
const RESULT_FRAME_TOKENS = 25;

export const CONVERSATION_ASSUMPTIONS: readonly string[] = [
  'a conversation begins with the same tools, role and directives as a wave, and is told the same news in the same words, once',
  `its cache is used as well as can be: all that was sent before is read, only what is new is written; a tool result's frame takes ${RESULT_FRAME_TOKENS} tokens`,
  'when the cache is cold, all of it is written again',
  `compaction asks once over the whole conversation for a summary of ${SUMMARY_TOKENS} tokens and goes on from it; what the summary leaves out is gone`,
  'no window is assumed: past_window says after how many turns one of 200,000 or 1,000,000 tokens would have been full',
];

export interface ConversationCost {
  readonly tally: Tally;
  readonly compactions: number;
  readonly past_window: { readonly '200000': number | null; readonly '1000000': number | null };
}

/** What a conversation that lives through all turns would cost. An honest model of the alternative, not a run of it. */
export function converse(
  policy: ConversationPolicy,
  turns: readonly Turn[],
  weather: Weather,
): ConversationCost {
  let tally = NO_REQUESTS;
  let compactions = 0;
  let contextTokens = policy.prefixTokens;
  let cachedTokens = 0;
  let lastBurst = -1;
  const past: { '200000': number | null; '1000000': number | null } = { '200000': null, '1000000': null };
  const ask = (inputTokens: number, outputTokens: number): void => {
    tally = plus(tally, usageOf(inputTokens, cachedTokens, outputTokens));
    cachedTokens = inputTokens;
    contextTokens = inputTokens + outputTokens;
  };
  for (const [index, turn] of turns.entries()) {
    if (turn.burst !== lastBurst && arrivesCold(weather, turn.burst)) cachedTokens = 0;
    lastBurst = turn.burst;
    const news = turn.newsTokens + RESULT_FRAME_TOKENS;
    if (policy.compactAtTokens !== null && contextTokens + news > policy.compactAtTokens) {
      ask(contextTokens + SUMMARY_ASK_TOKENS, SUMMARY_TOKENS);
      compactions += 1;
      contextTokens = policy.prefixTokens + SUMMARY_TOKENS;
      cachedTokens = policy.prefixTokens;
    }
    ask(contextTokens + news, turn.outputTokens);
    if (contextTokens > 200_000) past['200000'] ??= index + 1;
    if (contextTokens > 1_000_000) past['1000000'] ??= index + 1;
  }
  return { tally, compactions, past_window: past };
}

function usageOf(inputTokens: number, cachedTokens: number, output: number): CountedUsage {
  const cacheRead = Math.min(inputTokens, cachedTokens);
  return { input: 0, cacheWrite5m: inputTokens - cacheRead, cacheWrite1h: 0, cacheRead, output };
}
