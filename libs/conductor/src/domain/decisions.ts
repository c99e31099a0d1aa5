import {
  CONDUCTOR_TOOLS,
  HANDOFF_NOTE_TOKENS_MAX,
  readToolSchemas,
  toStorableText,
  writeToolSchemas,
  type ConductorTool,
  type ReadCall,
  type ReadTool,
  type StagedWrite,
  type WriteTool,
} from '#contracts';
import { cleanText, estimateTokens } from '#context';
import { z } from 'zod';

/** Tool calls of one response that are run; a cache look-back reaches no further. */
export const TOOL_CALLS_PER_RESPONSE_MAX = 8;
/** An error may quote what the model wrote, such as the names of fields that do not exist. */
export const ERROR_CHARACTERS_MAX = 1_000;
const ISSUES_PER_ERROR_MAX = 5;

/** A response's content as far as it matters here. */
export interface ToolUse {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

/** One tool call, parsed: writes one item at a time, a read, or why it is neither. */
export type ParsedCall = { readonly id: string } & (
  | { readonly kind: 'write'; readonly writes: readonly StagedWrite[] }
  | { readonly kind: 'read'; readonly read: ReadCall }
  | { readonly kind: 'error'; readonly message: string }
);

/** Parses a response's tool calls in order. What does not fit its schema becomes an error that says how to mend it. */
export function parseCalls(uses: readonly ToolUse[]): ParsedCall[] {
  return uses.map((use, place) => {
    if (place >= TOOL_CALLS_PER_RESPONSE_MAX)
      return error(
        use.id,
        `at most ${TOOL_CALLS_PER_RESPONSE_MAX} tool calls a response; this one was not run`,
      );
    if (isWriteTool(use.name)) return parseWrite(use.id, use.name, use.input);
    if (isReadTool(use.name)) return parseRead(use.id, use.name, use.input);
    return error(use.id, `there is no tool ${use.name}; there are ${CONDUCTOR_TOOLS.join(', ')}`);
  });
}

/** What is left of a call when the context is full: a hand-off is, everything else is refused and not run. */
export function onlyHandoff(call: ParsedCall): ParsedCall {
  if (call.kind === 'write' && call.writes.every((write) => write.tool === 'handoff')) return call;
  return error(call.id, 'the context is full: only handoff is accepted; this call was not run');
}

function parseWrite(id: string, tool: WriteTool, input: unknown): ParsedCall {
  const parsed = z.discriminatedUnion('tool', WRITE_CALLS).safeParse({ tool, input });
  if (!parsed.success) return schemaError(id, tool, parsed.error);
  const excess = excessOf(parsed.data);
  return excess === null
    ? { id, kind: 'write', writes: splitWrite(parsed.data) }
    : error(id, `nothing of this call was run: ${excess}`);
}

/** A hand-off note is shown whole to the next conductor or not taken: what is too long for that; null when nothing is. */
function excessOf(write: StagedWrite): string | null {
  if (write.tool !== 'handoff') return null;
  const tokens = estimateTokens(cleanText(write.input.note));
  return tokens <= HANDOFF_NOTE_TOKENS_MAX
    ? null
    : `the note of handoff takes about ${tokens} tokens and may take ${HANDOFF_NOTE_TOKENS_MAX}; shorten it, and record what has to last as notes`;
}

function parseRead(id: string, tool: ReadTool, input: unknown): ParsedCall {
  const parsed = z.discriminatedUnion('tool', READ_CALLS).safeParse({ tool, input });
  return parsed.success ? { id, kind: 'read', read: parsed.data } : schemaError(id, tool, parsed.error);
}

const WRITE_CALLS = [
  z.object({ tool: z.literal('task_upsert'), input: writeToolSchemas.task_upsert }),
  z.object({ tool: z.literal('task_dispatch'), input: writeToolSchemas.task_dispatch }),
  z.object({ tool: z.literal('task_review'), input: writeToolSchemas.task_review }),
  z.object({ tool: z.literal('task_cancel'), input: writeToolSchemas.task_cancel }),
  z.object({ tool: z.literal('ask_human'), input: writeToolSchemas.ask_human }),
  z.object({ tool: z.literal('note'), input: writeToolSchemas.note }),
  z.object({ tool: z.literal('handoff'), input: writeToolSchemas.handoff }),
] as const;

const READ_CALLS = [
  z.object({ tool: z.literal('ledger_get'), input: readToolSchemas.ledger_get }),
  z.object({ tool: z.literal('ledger_search'), input: readToolSchemas.ledger_search }),
  z.object({ tool: z.literal('digest_expand'), input: readToolSchemas.digest_expand }),
  z.object({ tool: z.literal('artifact_read'), input: readToolSchemas.artifact_read }),
] as const;

/** One staged write per item, so that each is judged, kept or refused by itself. */
export function splitWrite(write: StagedWrite): StagedWrite[] {
  switch (write.tool) {
    case 'task_upsert':
      return write.input.items.map((item) => ({ tool: write.tool, input: { items: [item] } }));
    case 'task_dispatch':
      return write.input.refs.map((ref) => ({ tool: write.tool, input: { ...write.input, refs: [ref] } }));
    case 'task_review':
      return write.input.verdicts.map((verdict) => ({ tool: write.tool, input: { verdicts: [verdict] } }));
    case 'task_cancel':
      return write.input.refs.map((ref) => ({ tool: write.tool, input: { ...write.input, refs: [ref] } }));
    case 'note':
      return write.input.entries.map((entry) => ({ tool: write.tool, input: { entries: [entry] } }));
    case 'ask_human':
    case 'handoff':
      return [write];
  }
}

function isWriteTool(name: string): name is WriteTool {
  return Object.hasOwn(writeToolSchemas, name);
}

function isReadTool(name: string): name is ReadTool {
  return Object.hasOwn(readToolSchemas, name);
}

function schemaError(id: string, tool: ConductorTool, problem: z.ZodError): ParsedCall {
  const details = problem.issues
    .slice(0, ISSUES_PER_ERROR_MAX)
    .map((issue) => `${issue.path.slice(1).join('.') || 'input'}: ${issue.message}`);
  return error(
    id,
    `nothing of this call was run: the input of ${tool} does not fit its schema: ${details.join('; ')}`,
  );
}

function error(id: string, message: string): ParsedCall {
  return { id, kind: 'error', message: toStorableText(message.slice(0, ERROR_CHARACTERS_MAX)) };
}
