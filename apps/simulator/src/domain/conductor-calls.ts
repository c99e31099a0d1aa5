import type { ReadCall, StagedWrite, WriteInput } from '#contracts';
import type { ToolCall } from './answer.js';

/** Calls in one response: as many as the cache's look-back allows, one block for each call and each result. */
export const TOOL_CALLS_MAX = 8;

/** The types of the contracts hold for what a conductor calls of its own accord; orders from data go past them. */
export function write(call: StagedWrite): ToolCall {
  return call;
}

export function read(call: ReadCall): ToolCall {
  return call;
}

export function handoff(input: WriteInput<'handoff'>): ToolCall {
  return write({ tool: 'handoff', input });
}
