import type { z } from 'zod';
import type { Json, Scope } from '#contracts';
import type { Reach } from './reach.js';

/** One tool: what its caller is told, what its key needs, and what it does. */
export interface McpTool<Input extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** A key with any one of these. */
  readonly scopes: readonly Scope[];
  readonly input: Input;
  readonly effect: 'reads' | 'adds' | 'ends';
  /** Returns what is written as JSON into the answer, bounded. Throws what the REST API answers as a problem. */
  run(reach: Reach, input: z.output<Input>): Promise<Json>;
}

/** Checks `run` against `input`, and forgets the latter's shape. */
export function defineTool<Input extends z.ZodObject>(tool: McpTool<Input>): McpTool {
  return tool;
}
