import { findModel, WINDOW_TOKENS, type ModelTraits } from './models.js';
import type { Block, Message, Prompt } from './messages-request.js';
import type { PromptSegment } from './count-tokens.js';

/** What the API would refuse a well-formed request for; null when it would take it. */
export interface Refusal {
  readonly status: 400 | 404;
  readonly type: 'invalid_request_error' | 'not_found_error';
  readonly message: string;
}

const CACHE_BREAKPOINTS_MAX = 4;

/** The first objection answers; what is checked first is what a caller should mend first. */
export function checkRequest(
  prompt: Prompt,
  segments: readonly PromptSegment[],
  /** Whether the last turn is an answer that was paused, to be gone on with; else that would be prefill. */
  isPaused = false,
): Refusal | null {
  const model = findModel(prompt.model);
  if (model === undefined) return { status: 404, type: 'not_found_error', message: `model: ${prompt.model}` };
  const objection =
    checkSampling(prompt) ??
    checkThread(prompt) ??
    checkForcedTools(prompt, model) ??
    checkToolNames(prompt) ??
    checkTurns(prompt, isPaused) ??
    checkToolResults(prompt) ??
    checkBreakpoints(segments);
  return objection === null ? null : invalid(objection);
}

/** The window holds the prompt and all of the answer that the request allows. Counting alone is never refused. */
export function checkWindow(promptTokens: number, outputTokensMax: number): Refusal | null {
  const promptTokensMax = WINDOW_TOKENS - outputTokensMax;
  return promptTokens <= promptTokensMax
    ? null
    : invalid(`prompt is too long: ${promptTokens} tokens > ${promptTokensMax} maximum`);
}

export function invalid(message: string): Refusal {
  return { status: 400, type: 'invalid_request_error', message };
}

function checkSampling(prompt: Prompt): string | null {
  const given = (['temperature', 'top_p', 'top_k'] as const).find((name) => prompt[name] !== undefined);
  return given === undefined ? null : `${given}: sampling parameters are not supported by this model`;
}

/** Server-held threads send only what is new, so that the ledger could not prove what the model saw. */
function checkThread(prompt: Prompt): string | null {
  return prompt.thread === undefined ? null : 'thread: not supported, send the whole conversation';
}

function checkForcedTools(prompt: Prompt, model: ModelTraits): string | null {
  const choice = prompt.tool_choice?.type;
  return (choice === 'any' || choice === 'tool') && !model.forcesTools
    ? `tool_choice: type "${choice}" is not supported by ${model.id}`
    : null;
}

function checkToolNames(prompt: Prompt): string | null {
  const names = prompt.tools.map((tool) => tool.name);
  return new Set(names).size === names.length ? null : 'tools: tool names must be unique';
}

function checkTurns(prompt: Prompt, isPaused: boolean): string | null {
  if (prompt.messages[0]?.role !== 'user') return 'messages: the first message must have the role user';
  return prompt.messages.at(-1)?.role === 'assistant' && !isPaused
    ? 'messages: prefill is not supported by this model, the last message must have the role user'
    : null;
}

/** Each tool_use is answered in the very next turn, and each tool_result answers one there. */
function checkToolResults(prompt: Prompt): string | null {
  const turns = mergedTurns(prompt.messages);
  for (const [index, turn] of turns.entries()) {
    const objection =
      turn.role === 'assistant'
        ? checkAssistantTurn(turn, turns[index + 1])
        : checkUserTurn(turn, turns[index - 1]);
    if (objection !== null) return `messages.${index}: ${objection}`;
  }
  return null;
}

function checkAssistantTurn(turn: Message, next: Message | undefined): string | null {
  if (toolResultIds(turn.content).length > 0) return 'tool_result blocks belong to the user';
  const answered = toolResultIds(next?.content ?? []);
  const missing = toolUseIds(turn.content).find((id) => !answered.includes(id));
  return missing === undefined ? null : `tool_use ${missing} has no tool_result in the next message`;
}

function checkUserTurn(turn: Message, previous: Message | undefined): string | null {
  if (toolUseIds(turn.content).length > 0) return 'tool_use blocks belong to the assistant';
  const asked = toolUseIds(previous?.content ?? []);
  const answered = toolResultIds(turn.content);
  const orphan = answered.find((id) => !asked.includes(id));
  if (orphan !== undefined) return `tool_result ${orphan} answers no tool_use of the previous message`;
  if (new Set(answered).size !== answered.length) return 'each tool_use must have a single tool_result';
  const leading = turn.content.slice(0, answered.length);
  return leading.every((block) => block.type === 'tool_result')
    ? null
    : 'tool_result blocks must come before other content';
}

/** Consecutive messages of one role are one turn. */
function mergedTurns(messages: readonly Message[]): Message[] {
  const turns: Message[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (last?.role === message.role) last.content.push(...message.content);
    else turns.push({ role: message.role, content: [...message.content] });
  }
  return turns;
}

function toolUseIds(content: readonly Block[]): string[] {
  return content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
}

function toolResultIds(content: readonly Block[]): string[] {
  return content.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []));
}

function checkBreakpoints(segments: readonly PromptSegment[]): string | null {
  const ttls = segments.flatMap((segment) => segment.cacheTtl ?? []);
  if (ttls.length > CACHE_BREAKPOINTS_MAX)
    return `cache_control: at most ${CACHE_BREAKPOINTS_MAX} breakpoints are allowed, found ${ttls.length}`;
  const firstShort = ttls.indexOf('5m');
  return firstShort !== -1 && ttls.lastIndexOf('1h') > firstShort
    ? 'cache_control: a breakpoint with ttl 1h must not come after one with ttl 5m'
    : null;
}
