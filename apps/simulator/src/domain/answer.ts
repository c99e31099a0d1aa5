import { countTokens, cutToTokens } from './count-tokens.js';

export type StopReason =
  | 'end_turn'
  | 'tool_use'
  | 'max_tokens'
  | 'refusal'
  | 'pause_turn'
  | 'model_context_window_exceeded'
  /** None that any client knows. */
  | 'out_of_ideas';

/** A tool's input stays JSON text until it is sent, because an answer can be cut in the middle of it. */
export type AnswerBlock =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly text: string; readonly signature: string }
  | { readonly type: 'tool_use'; readonly name: string; readonly inputJson: string };

/** What the simulated model says, before it is put on the wire. */
export interface Answer {
  readonly blocks: readonly AnswerBlock[];
  readonly stopReason: StopReason;
}

export interface ToolCall {
  readonly tool: string;
  readonly input: object;
}

const BLOCK_TOKENS = 4;

export function sayText(text: string): Answer {
  return { blocks: [{ type: 'text', text }], stopReason: 'end_turn' };
}

export function callTools(calls: readonly ToolCall[]): Answer {
  return {
    blocks: calls.map(({ tool, input }) => ({
      type: 'tool_use',
      name: tool,
      inputJson: JSON.stringify(input),
    })),
    stopReason: 'tool_use',
  };
}

export function countAnswerTokens(answer: Answer): number {
  return answer.blocks.reduce((sum, block) => sum + countBlockTokens(block), 0);
}

/** The answer as `max_tokens` leaves it: cut in the middle of the first block that does not fit. */
export function limitAnswer(answer: Answer, outputTokensMax: number): Answer {
  let tokensLeft = outputTokensMax;
  const blocks: AnswerBlock[] = [];
  for (const block of answer.blocks) {
    const tokens = countBlockTokens(block);
    if (tokens > tokensLeft) {
      const cut = withContent(block, cutToTokens(contentOf(block), tokensLeft - BLOCK_TOKENS));
      return { blocks: [...blocks, cut], stopReason: 'max_tokens' };
    }
    tokensLeft -= tokens;
    blocks.push(block);
  }
  return answer;
}

/** The text of a text or thinking block, the JSON text of a tool's input. */
export function contentOf(block: AnswerBlock): string {
  return block.type === 'tool_use' ? block.inputJson : block.text;
}

export function withContent(block: AnswerBlock, content: string): AnswerBlock {
  return block.type === 'tool_use' ? { ...block, inputJson: content } : { ...block, text: content };
}

function countBlockTokens(block: AnswerBlock): number {
  return BLOCK_TOKENS + countTokens(contentOf(block));
}
