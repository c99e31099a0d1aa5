import { contentOf, sayText, withContent, type Answer } from './answer.js';
import type { PromptRole } from './parse-request-text.js';

export const FAULT_KINDS = [
  '429',
  '529',
  'mid_stream_error',
  'cut',
  'stall_headers',
  'stall_body',
  'malformed_tool_input',
  'truncate',
  'refusal',
  'garbage',
  'slow_tokens',
  'pause_turn',
  'window_exceeded',
  'unknown_stop',
  'server_error',
  'spend_limit',
  'usage_limit',
  'payment_required',
  'unauthorized',
  'forbidden',
  'not_found',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly match: { readonly role: PromptRole; readonly nth: number };
  readonly do: FaultKind;
  /** How many requests of the role in a row, from the nth on. */
  readonly times: number;
}

/** The fault planned for the nth request of a role (from 1); the first that matches. */
export function faultFor(faults: readonly Fault[], role: PromptRole, nth: number): FaultKind | null {
  const fault = faults.find(
    ({ match, times }) => match.role === role && nth >= match.nth && nth < match.nth + times,
  );
  return fault?.do ?? null;
}

/** The faults that are in what the model says, not in how it is sent. Others leave the answer as it is. */
export function spoilAnswer(answer: Answer, fault: FaultKind | null): Answer {
  if (fault === 'refusal') return { blocks: [], stopReason: 'refusal' };
  if (fault === 'truncate') return truncated(answer);
  if (fault === 'pause_turn') return { ...sayText('One moment.'), stopReason: 'pause_turn' };
  if (fault === 'window_exceeded') return { ...answer, stopReason: 'model_context_window_exceeded' };
  if (fault === 'unknown_stop') return { ...answer, stopReason: 'out_of_ideas' };
  return fault === 'malformed_tool_input' ? withMalformedCall(answer) : answer;
}

/** As if `max_tokens` had been reached in the middle of the last block. */
function truncated(answer: Answer): Answer {
  const last = answer.blocks.at(-1);
  if (last === undefined) return { blocks: [], stopReason: 'max_tokens' };
  const content = contentOf(last);
  const half = withContent(last, content.slice(0, Math.floor(content.length / 2)));
  return { blocks: [...answer.blocks.slice(0, -1), half], stopReason: 'max_tokens' };
}

/** Good JSON that no tool's schema takes, in the first call. */
function withMalformedCall(answer: Answer): Answer {
  const first = answer.blocks.findIndex((block) => block.type === 'tool_use');
  return {
    ...answer,
    blocks: answer.blocks.map((block, index) =>
      index === first ? withContent(block, '{"malformed":true}') : block,
    ),
  };
}
