import { contentOf, countAnswerTokens, type Answer, type AnswerBlock } from './answer.js';
import type { InputUsage } from './prefix-cache.js';

/** A message as it goes over the wire. */
export interface OutgoingMessage {
  /** `msg_…`; the ids of its tool calls derive from it. */
  readonly id: string;
  readonly model: string;
  readonly answer: Answer;
  readonly inputUsage: InputUsage;
}

/** One server-sent event: its `type` is also the event's name. */
export type StreamEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Characters of one delta: small, so that every tool input arrives in several pieces. */
const DELTA_CHARACTERS = 24;

/** The body of an answer that is not streamed. */
export function messageBody(message: OutgoingMessage): Readonly<Record<string, unknown>> {
  const { answer } = message;
  return {
    ...envelope(message),
    content: answer.blocks.map((block, index) => ({
      ...openedBlock(message, block, index),
      ...saidContent(block),
    })),
    ...ending(answer),
    usage: usageBody(message.inputUsage, countAnswerTokens(answer)),
  };
}

/** The same message as the events of a stream, complete and in the API's order. */
export function messageEvents(message: OutgoingMessage): StreamEvent[] {
  const { answer, inputUsage } = message;
  const { cache_creation, inference_geo, service_tier, speed, ...deltaUsage } = usageBody(
    inputUsage,
    countAnswerTokens(answer),
  );
  const start = {
    ...envelope(message),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    usage: { ...deltaUsage, output_tokens: 1, cache_creation, inference_geo, service_tier, speed },
  };
  return [
    { type: 'message_start', message: start },
    { type: 'ping' },
    ...answer.blocks.flatMap((block, index) => blockEvents(message, block, index)),
    { type: 'message_delta', delta: { ...ending(answer), container: null }, usage: deltaUsage },
    { type: 'message_stop' },
  ];
}

function blockEvents(message: OutgoingMessage, block: AnswerBlock, index: number): StreamEvent[] {
  const pieces = contentOf(block).match(new RegExp(`.{1,${DELTA_CHARACTERS}}`, 'gsu')) ?? [];
  const signed = block.type === 'thinking' ? [{ type: 'signature_delta', signature: block.signature }] : [];
  const deltas = [...pieces.map((piece) => pieceDelta(block, piece)), ...signed];
  return [
    { type: 'content_block_start', index, content_block: openedBlock(message, block, index) },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
}

function pieceDelta({ type }: AnswerBlock, piece: string): object {
  if (type === 'text') return { type: 'text_delta', text: piece };
  if (type === 'thinking') return { type: 'thinking_delta', thinking: piece };
  return { type: 'input_json_delta', partial_json: piece };
}

function saidContent(block: AnswerBlock): object {
  if (block.type === 'text') return { text: block.text };
  if (block.type === 'thinking') return { thinking: block.text, signature: block.signature };
  return { input: parsedInput(block.inputJson) };
}

function openedBlock(message: OutgoingMessage, block: AnswerBlock, index: number): object {
  if (block.type === 'text') return { type: 'text', text: '', citations: null };
  if (block.type === 'thinking') return { type: 'thinking', thinking: '', signature: '' };
  return {
    type: 'tool_use',
    id: `${message.id.replace(/^msg_/, 'toolu_')}_${index}`,
    name: block.name,
    input: {},
    caller: { type: 'direct' },
  };
}

function envelope({ id, model }: OutgoingMessage): object {
  return { id, type: 'message', role: 'assistant', model, container: null, diagnostics: null };
}

function ending(answer: Answer): object {
  return {
    stop_reason: answer.stopReason,
    stop_sequence: null,
    stop_details:
      answer.stopReason === 'refusal'
        ? { type: 'refusal', category: null, explanation: 'The simulator was told to refuse.' }
        : null,
  };
}

function usageBody(input: InputUsage, outputTokens: number) {
  const { writtenTokens } = input;
  return {
    input_tokens: input.uncachedTokens,
    cache_creation_input_tokens: writtenTokens['5m'] + writtenTokens['1h'],
    cache_read_input_tokens: input.readTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: writtenTokens['5m'],
      ephemeral_1h_input_tokens: writtenTokens['1h'],
    },
    output_tokens: outputTokens,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
    inference_geo: null,
    speed: null,
  };
}

/** An input that was cut arrives as no input at all, as from the API. */
function parsedInput(inputJson: string): unknown {
  try {
    return JSON.parse(inputJson);
  } catch {
    return {};
  }
}
