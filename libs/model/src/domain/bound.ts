/** Kept free below the budget for what the provider adds that no count shows. */
export const REQUEST_RESERVE_TOKENS = 1_024;
/** A count may be off by so much from what is charged. */
export const COUNT_MARGIN_TOKENS = 64;
const TOKENS_PER_BLOCK_MAX = 16;
const TOKENS_PER_MESSAGE_MAX = 64;

/** What was appended since the last request: its texts, and how many blocks and messages carry them. */
export interface Appended {
  readonly texts: readonly string[];
  readonly blocks: number;
  readonly messages: number;
}

/**
 * The most tokens that the next request can have, from the last one's exact usage: no text has more tokens than bytes
 * in the form in which it is tokenized.
 */
export function provenTokens(
  last: { readonly promptTokens: number; readonly outputTokens: number },
  appended: Appended,
): number {
  const textTokens = appended.texts.reduce((sum, text) => sum + tokensAtMost(text), 0);
  return (
    last.promptTokens +
    last.outputTokens +
    textTokens +
    appended.blocks * TOKENS_PER_BLOCK_MAX +
    appended.messages * TOKENS_PER_MESSAGE_MAX
  );
}

/** True when a request that is proven to have at most `tokens` may be sent without asking the provider to count. */
export function fitsProven(tokens: number, budgetTokens: number): boolean {
  return tokens <= budgetTokens - REQUEST_RESERVE_TOKENS;
}

/** True when a request that the provider counted may be sent. */
export function fitsCounted(tokens: number, budgetTokens: number): boolean {
  return tokens <= budgetTokens - REQUEST_RESERVE_TOKENS - COUNT_MARGIN_TOKENS;
}

function tokensAtMost(text: string): number {
  return Math.max(Buffer.byteLength(text), Buffer.byteLength(text.normalize('NFKC')));
}
