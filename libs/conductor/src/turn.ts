import { provenTokens, type MessagesBody, type ModelAnswer } from '#model';
import { showResult, type Spill } from './domain/spill.js';

/** What one tool call came to, whole. */
export interface CallResult {
  /** The call's. */
  readonly id: string;
  readonly tool: string;
  readonly text: string;
  readonly isError: boolean;
}

/** What is appended to an answered request: the answer as it came, and what its calls came to. */
export interface Turn {
  readonly content: ModelAnswer['message']['content'];
  readonly results: readonly CallResult[];
}

/** How much of each result is shown, and the guard's line under the newest. */
export interface Showing {
  readonly waveId: string;
  readonly shownBytesMax: number;
  readonly note: string | null;
}

/** The messages that follow an answer, and the results of which they show the ends. */
export function appendTurn(
  { content, results }: Turn,
  { waveId, shownBytesMax, note }: Showing,
): { messages: MessagesBody['messages']; spills: (Spill & { readonly tool: string })[] } {
  const shown = results.map((result) => ({ ...result, ...showResult(waveId, result.text, shownBytesMax) }));
  const blocks = shown.map((result, place) => ({
    type: 'tool_result' as const,
    tool_use_id: result.id,
    content: [result.content, ...(place === shown.length - 1 && note !== null ? [note] : [])].join('\n'),
    is_error: result.isError,
  }));
  const answered: MessagesBody['messages'] = [{ role: 'assistant', content }];
  return {
    messages: blocks.length === 0 ? answered : [...answered, { role: 'user', content: blocks }],
    spills: shown.flatMap(({ spill, tool }) => (spill === null ? [] : [{ ...spill, tool }])),
  };
}

/**
 * The most tokens that the next request can have: the last one and its answer, exactly, and an upper bound of the
 * rest. An answer comes back as input in as many tokens as it was output, but for what wraps its blocks.
 */
export function provenNext(
  last: { readonly promptTokens: number; readonly outputTokens: number },
  { content }: Turn,
  appended: MessagesBody['messages'],
): number {
  const results = appended.flatMap((message) =>
    message.role === 'user' && Array.isArray(message.content)
      ? message.content.map((block) => JSON.stringify(block))
      : [],
  );
  const called = content.map((block) => (block.type === 'tool_use' ? `${block.id} ${block.name}` : ''));
  return provenTokens(last, {
    texts: [...results, ...called],
    blocks: results.length + content.length,
    messages: appended.length,
  });
}
