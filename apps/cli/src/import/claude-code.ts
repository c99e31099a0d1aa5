import { z } from 'zod';
import { toStorableText, type MessageInput } from '#contracts';
import { inOrder, type ImportPlan, type PlannedTask, type Skipped } from './plan.js';
import { beginning, firstLine } from './text.js';
import { TodoLists } from './todo-lists.js';

const TITLE_CHARACTERS_MAX = 120;
const OBJECTIVE_CHARACTERS_MAX = 8_000;
const DIRECTIVES_MAX = 50;
const DIRECTIVE_CHARACTERS_MAX = 600;
const TURNS_KEPT = 8;
const TURN_CHARACTERS_MAX = 1_500;
const DONE_SHOWN_MAX = 50;
/** As a message may be: all turns that are kept fit, beside the list of what is done. */
const MESSAGE_CHARACTERS_MAX = 20_000;

const BEYOND_BOUNDS = 'instruction beyond the bounds';

/** How people word, in English, what is to hold from then on; also much that is not, so what is found is only proposed. */
const STANDING = /\b(always|never|from now on|in future|every time|under no circumstances)\b/i;
/** What the program puts into a person's mouth: commands, their output, reminders. */
const NOT_SAID = /^\s*(<|Caveat:|\[Request interrupted)/;

const usageSchema = z.object({
  input_tokens: z.int().default(0),
  cache_creation_input_tokens: z.int().nullish(),
  cache_read_input_tokens: z.int().nullish(),
});
const blockSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  tool_use_id: z.string().optional(),
  content: z.unknown().optional(),
});
export type Block = z.output<typeof blockSchema>;
const lineSchema = z.object({
  type: z.enum(['user', 'assistant']),
  sessionId: z.string().optional(),
  isSidechain: z.boolean().optional(),
  isMeta: z.boolean().optional(),
  isCompactSummary: z.boolean().optional(),
  message: z.object({
    content: z.union([
      z.string().transform((text): Block[] => [{ type: 'text', text }]),
      z.array(blockSchema),
    ]),
    usage: usageSchema.optional(),
  }),
});
type Line = z.output<typeof lineSchema>;

/** True for a line of a Claude Code transcript. */
export function isTranscriptLine(value: unknown): boolean {
  return (
    z.object({ type: z.string(), sessionId: z.string() }).safeParse(value).success ||
    lineSchema.safeParse(value).success
  );
}

/**
 * A conversation as a mission: the first request is its objective, what reads like a rule a proposed directive, the
 * last state of its to-do list its tasks, its end two messages: the person's words, and the agent's. Results of tools and the work of subagents stay behind:
 * what came of them is in what was said, and what is in files is in the files.
 */
export async function planOfTranscript(
  values: AsyncIterable<unknown>,
  skipped: Skipped,
): Promise<ImportPlan> {
  const told = new Told(skipped);
  const todos = new TodoLists();
  let session: string | null = null;
  let beforeTokens: number | null = null;
  for await (const value of values) {
    const line = spokenLine(value, skipped);
    if (line === null) continue;
    session ??= line.sessionId ?? null;
    for (const block of line.message.content) todos.take(block);
    const text = textOf(line);
    if (text !== '') told.take(speakerOf(line), text);
    if (line.message.usage !== undefined) beforeTokens = inputTokens(line.message.usage);
  }
  const source = session ?? 'conversation';
  const tasks = todos.open().map((todo): PlannedTask => ({
    key: `claude-code:${source}:${todo.id}`,
    title: firstLine(todo.title, 500),
    instructions: todo.instructions,
    depends_on: todo.blockedBy.map((id) => `claude-code:${source}:${id}`),
    metadata: { imported_from: source },
  }));
  const done = todos.done();
  return {
    format: 'claude-code',
    importKey: `claude-code:${source}`,
    title: firstLine(told.objective ?? 'A conversation', TITLE_CHARACTERS_MAX),
    objective: beginning(told.objective ?? '', OBJECTIVE_CHARACTERS_MAX),
    directives: told.rules(),
    tasks: inOrder(tasks, skipped),
    done,
    messages: handOver(told.lastTurns(), done),
    beforeTokens,
    skipped: skipped.counts(),
  };
}

function spokenLine(value: unknown, skipped: Skipped): Line | null {
  const parsed = lineSchema.safeParse(value);
  if (!parsed.success) skipped.add('line that is no turn of the conversation');
  else if (parsed.data.isSidechain === true) skipped.add('turn of a subagent');
  else if (parsed.data.isMeta === true) skipped.add('turn that the program wrote');
  else return parsed.data;
  return null;
}

function textOf({ message }: Line): string {
  return message.content
    .flatMap(({ type, text }) =>
      type === 'text' && text !== undefined && !NOT_SAID.test(text) ? [text.trim()] : [],
    )
    .join('\n');
}

type Speaker = 'Person' | 'Agent';

/** A summary of what was cut off stands in the person's name, and the model wrote it. */
function speakerOf({ type, isCompactSummary }: Line): Speaker {
  return type === 'user' && isCompactSummary !== true ? 'Person' : 'Agent';
}

interface Turn {
  /** Its place in the conversation. */
  readonly number: number;
  readonly who: Speaker;
  readonly text: string;
}

function inputTokens(usage: z.output<typeof usageSchema>): number {
  return usage.input_tokens + (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0);
}

/** What is kept of a conversation while it is read, however long it is: its first request, its rules, its last turns. */
class Told {
  /** The person's first words. */
  objective: string | null = null;
  #turns = 0;
  #lastTurns: Turn[] = [];
  readonly #rules = new Set<string>();

  constructor(private readonly skipped: Skipped) {}

  take(who: Speaker, text: string): void {
    if (who === 'Person' && this.objective === null) this.objective = text;
    else if (who === 'Person') for (const line of text.split('\n')) this.#takeRule(line);
    this.#turns += 1;
    if (this.#turns === 1) return; // the objective, or a greeting
    this.#lastTurns.push({ number: this.#turns, who, text: beginning(text, TURN_CHARACTERS_MAX) });
    if (this.#lastTurns.length > TURNS_KEPT) this.#lastTurns.shift();
  }

  lastTurns(): Turn[] {
    return [...this.#lastTurns];
  }

  rules(): string[] {
    return [...this.#rules];
  }

  /** Whole lines, verbatim: a rule that was put into other words would be another rule. A question is none. */
  #takeRule(line: string): void {
    const rule = toStorableText(line)
      .replace(/^\s*[-*]\s+/, '')
      .trim();
    if (!STANDING.test(rule) || rule.endsWith('?')) return;
    if (rule.length > DIRECTIVE_CHARACTERS_MAX) return this.skipped.add(BEYOND_BOUNDS);
    this.#rules.add(rule);
    const [oldest] = this.#rules;
    if (this.#rules.size <= DIRECTIVES_MAX || oldest === undefined) return;
    this.#rules.delete(oldest);
    this.skipped.add(BEYOND_BOUNDS);
  }
}

/**
 * The last turns, apart by who spoke: what an agent said is not the word of the person who imports it. Their numbers keep
 * their order. What was finished comes from the agent's list.
 */
function handOver(turns: readonly Turn[], done: readonly string[]): MessageInput[] {
  const saidBy = (speaker: Speaker): string[] => {
    const said = turns
      .filter(({ who }) => who === speaker)
      .map(({ number, text }) => `Turn ${number}: ${text}`);
    return said.length === 0
      ? []
      : [`What the ${speaker.toLowerCase()} said there last:\n\n${said.join('\n\n')}`];
  };
  const titles = done.slice(-DONE_SHOWN_MAX).map((title) => `- ${beginning(title, 120)}`);
  const finished =
    done.length === 0 ? [] : [`Finished there (${done.length}), not to be done again:\n${titles.join('\n')}`];
  return [
    ...messageOf(saidBy('Person')),
    ...messageOf([...finished, ...saidBy('Agent')], { trusted: false }),
  ];
}

function messageOf(parts: readonly string[], as: Pick<MessageInput, 'trusted'> = {}): MessageInput[] {
  if (parts.length === 0) return [];
  const text = ['This mission goes on with a conversation that had grown too long.', ...parts].join('\n\n');
  return [{ text: beginning(text, MESSAGE_CHARACTERS_MAX), ...as }];
}
