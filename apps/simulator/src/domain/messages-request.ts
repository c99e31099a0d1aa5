import { z } from 'zod';

const cacheControlSchema = z.strictObject({
  type: z.literal('ephemeral'),
  ttl: z.enum(['5m', '1h']).default('5m'),
});
const cacheControl = cacheControlSchema.nullish();

const textBlockSchema = z.looseObject({
  type: z.literal('text'),
  text: z.string().min(1),
  cache_control: cacheControl,
});
const toolUseBlockSchema = z.looseObject({
  type: z.literal('tool_use'),
  id: z.string().min(1),
  name: z.string().min(1),
  input: z.record(z.string(), z.unknown()),
  cache_control: cacheControl,
});
const toolResultBlockSchema = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string().min(1),
  content: z.union([z.string(), z.array(textBlockSchema)]).default(''),
  is_error: z.boolean().default(false),
  cache_control: cacheControl,
});
/** An answer's own thinking, which comes back as it went out. */
const thinkingBlockSchema = z.strictObject({
  type: z.literal('thinking'),
  thinking: z.string(),
  signature: z.string().min(1),
  cache_control: z.undefined().optional(),
});
const blockSchema = z.discriminatedUnion('type', [
  textBlockSchema,
  thinkingBlockSchema,
  toolUseBlockSchema,
  toolResultBlockSchema,
]);

/** A bare string is shorthand for one text block; inside, only blocks are known. */
const contentOf = <Block extends z.ZodType>(block: Block) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? [{ type: 'text', text: value }] : value),
    z.array(block).min(1),
  );

const messageSchema = z.strictObject({
  role: z.enum(['user', 'assistant']),
  content: contentOf(blockSchema),
});
const toolSchema = z.looseObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  description: z.string().optional(),
  input_schema: z.looseObject({ type: z.literal('object') }),
  cache_control: cacheControl,
});

const promptFields = {
  model: z.string().min(1),
  system: contentOf(textBlockSchema).default([]),
  messages: z.array(messageSchema).min(1).max(100_000),
  tools: z.array(toolSchema).default([]),
  tool_choice: z.looseObject({ type: z.enum(['auto', 'any', 'tool', 'none']) }).optional(),
  thinking: z.looseObject({ type: z.enum(['enabled', 'adaptive', 'disabled', 'between_tools']) }).optional(),
  output_config: z.looseObject({}).optional(),
  // Known, so that the refusal can name them; see check-request.ts.
  temperature: z.unknown().optional(),
  top_p: z.unknown().optional(),
  top_k: z.unknown().optional(),
  thread: z.unknown().optional(),
};

/** Body of `POST /v1/messages/count_tokens`. Fields that the simulator does not know are refused, as the API does. */
export const countRequestSchema = z.strictObject(promptFields);

/** Body of `POST /v1/messages`. */
export const messagesRequestSchema = z.strictObject({
  ...promptFields,
  max_tokens: z.int().min(1),
  stream: z.boolean().default(false),
  metadata: z.looseObject({}).optional(),
  service_tier: z.enum(['auto', 'standard_only']).optional(),
  stop_sequences: z.array(z.string()).optional(),
});

export type CacheTtl = z.infer<typeof cacheControlSchema>['ttl'];
export type Block = z.infer<typeof blockSchema>;
export type ToolResultBlock = z.infer<typeof toolResultBlockSchema>;
export type Message = z.infer<typeof messageSchema>;
/** What both endpoints read: the prompt, without what concerns its answer. */
export type Prompt = z.infer<typeof countRequestSchema>;
export type MessagesRequest = z.infer<typeof messagesRequestSchema>;

/** The text that a tool's result shows to the model. */
export function textOfResult(block: ToolResultBlock): string {
  return typeof block.content === 'string'
    ? block.content
    : block.content.map((inner) => inner.text).join('\n');
}
