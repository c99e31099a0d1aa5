import { createHash, createHmac } from 'node:crypto';
import type { AnswerBlock } from './answer.js';
import type { Message, Prompt } from './messages-request.js';

/** What was thought, with a signature that binds it to every byte that came before it. */
export function think(prompt: Prompt, secret: string): AnswerBlock {
  const before = prefixHash(prompt, prompt.messages.length);
  const text = `There are ${prompt.messages.length} messages so far (${before.slice(0, 8)}). I decide by what I can read in them.`;
  return { type: 'thinking', text, signature: signatureOf(before, text, secret) };
}

/** Whether an answer to this prompt begins with thinking. */
export function isAskedToThink({ thinking }: Prompt): boolean {
  return thinking?.type === 'enabled' || thinking?.type === 'adaptive';
}

/**
 * The objection to a conversation's thinking blocks; null when each is what was once answered to exactly what stands
 * before it. Cache breakpoints are no part of that: they may move.
 */
export function checkThinking(prompt: Prompt, secret: string): string | null {
  for (const [index, message] of prompt.messages.entries())
    for (const [place, block] of message.content.entries()) {
      if (block.type !== 'thinking') continue;
      if (message.role !== 'assistant' || place > 0)
        return `messages.${index}.content.${place}: a thinking block must begin an assistant turn`;
      if (block.signature !== signatureOf(prefixHash(prompt, index), block.thinking, secret))
        return `messages.${index}.content.${place}: thinking blocks, and all that came before them, cannot be modified`;
    }
  return checkKept(prompt);
}

/** With manual thinking, an assistant turn whose tool calls are being answered must still begin with its thinking. */
function checkKept(prompt: Prompt): string | null {
  const last = prompt.messages.findLast((message) => message.role === 'assistant');
  const isToolTurn = last?.content.some((block) => block.type === 'tool_use') === true;
  return prompt.thinking?.type === 'enabled' && isToolTurn && last.content[0]?.type !== 'thinking'
    ? 'messages: with thinking enabled, the last assistant turn must begin with its thinking block'
    : null;
}

function signatureOf(before: string, text: string, secret: string): string {
  return createHmac('sha256', secret).update(`${before}\n${text}`).digest('base64');
}

/** Of tools, system and the first `messages` messages. */
function prefixHash({ tools, system, messages }: Prompt, count: number): string {
  const prefix = {
    tools: tools.map(plain),
    system: system.map(plain),
    messages: messages.slice(0, count).map(bare),
  };
  return createHash('sha256').update(JSON.stringify(prefix)).digest('hex');
}

function bare({ role, content }: Message): object {
  return { role, content: content.map(plain) };
}

function plain(block: object): object {
  return { ...block, cache_control: undefined };
}
