import type { Block, CacheTtl, Prompt } from './messages-request.js';
import { textOfResult } from './messages-request.js';

/**
 * One piece of a prompt in the order in which the model reads it (tools, system, messages): what the prefix cache
 * compares, and what a cache breakpoint can stand on.
 */
export interface PromptSegment {
  /** Everything that the cache compares, the segment's place in the prompt included. */
  readonly content: string;
  readonly tokens: number;
  /** Set where the request put a breakpoint. */
  readonly cacheTtl: CacheTtl | null;
}

const BLOCK_TOKENS = 4;
const MESSAGE_TOKENS = 5;
const TOOL_TOKENS = 12;

/** A prompt's tokens are the sum of its segments' tokens, whatever the cache does with them. */
export function countPromptTokens(segments: readonly PromptSegment[]): number {
  return segments.reduce((sum, segment) => sum + segment.tokens, 0);
}

export function promptSegments(prompt: Prompt): PromptSegment[] {
  const tools = prompt.tools.map(({ cache_control, ...tool }) =>
    segment(`tool ${JSON.stringify(tool)}`, TOOL_TOKENS + countTokens(JSON.stringify(tool)), cache_control),
  );
  const system = prompt.system.map((block) =>
    segment(`system ${block.text}`, BLOCK_TOKENS + countTokens(block.text), block.cache_control),
  );
  const messages = prompt.messages.flatMap((message) =>
    message.content.map((block, index) => {
      const text = textOfBlock(block);
      const opening = index === 0 ? MESSAGE_TOKENS : 0;
      const place = index === 0 ? `${message.role} begins` : message.role;
      return segment(
        `${place} ${block.type} ${text}`,
        opening + BLOCK_TOKENS + countTokens(text),
        block.type === 'thinking' ? null : block.cache_control,
      );
    }),
  );
  return [...tools, ...system, ...messages];
}

/**
 * Tokens of a text: linear in its length and additive up to rounding. The rates are nobody's tokenizer; what they
 * keep is that classes of text differ by a factor of ten, so that an estimate from characters or bytes goes wrong here
 * where it goes wrong with a real model.
 */
export function countTokens(text: string): number {
  let thousandths = 0;
  for (const character of text) thousandths += thousandthsOf(character.codePointAt(0) ?? 0);
  return Math.ceil(thousandths / 1_000);
}

/** The longest beginning of a text that counts at most `tokensMax`. */
export function cutToTokens(text: string, tokensMax: number): string {
  let thousandths = 0;
  let length = 0;
  for (const character of text) {
    thousandths += thousandthsOf(character.codePointAt(0) ?? 0);
    if (thousandths > tokensMax * 1_000) break;
    length += character.length;
  }
  return text.slice(0, length);
}

/** Never above one token per UTF-8 byte, which every byte-level tokenizer keeps as well. */
const THOUSANDTHS = { prose: 270, dense: 560, space: 110, cjk: 1_350, other: 1_150 } as const;

function thousandthsOf(codePoint: number): number {
  if (codePoint >= 0x61 && codePoint <= 0x7a) return THOUSANDTHS.prose;
  if (codePoint === 0x20 || (codePoint >= 0x09 && codePoint <= 0x0d)) return THOUSANDTHS.space;
  // Capitals count as dense: they are rare in prose, and half of base64.
  if (codePoint < 0x80) return THOUSANDTHS.dense;
  return isCjk(codePoint) ? THOUSANDTHS.cjk : THOUSANDTHS.other;
}

function isCjk(codePoint: number): boolean {
  return (
    (codePoint >= 0x2e80 && codePoint <= 0xd7ff) ||
    (codePoint >= 0xf900 && codePoint <= 0xfaff) ||
    (codePoint >= 0x20000 && codePoint <= 0x3ffff)
  );
}

function segment(
  content: string,
  tokens: number,
  cacheControl: { readonly ttl: CacheTtl } | null | undefined,
): PromptSegment {
  return { content, tokens, cacheTtl: cacheControl?.ttl ?? null };
}

function textOfBlock(block: Block): string {
  if (block.type === 'text') return block.text;
  if (block.type === 'thinking') return block.thinking;
  if (block.type === 'tool_use') return `${block.id} ${block.name} ${JSON.stringify(block.input)}`;
  return `${block.tool_use_id}${block.is_error ? ' error' : ''} ${textOfResult(block)}`;
}
