import { z } from 'zod';
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
/** Below what a message may be, with room for the list of what is done. */
const TAIL_CHARACTERS_MAX = 12_000;
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
 * last state of its to-do list its tasks, its end one message. Results of tools and the work of subagents stay behind:
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
    if (text !== '') told.take(line.type === 'user' ? 'Person' : 'Agent', text);
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
    message: handOver(told.lastTurns(), done),
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

function inputTokens(usage: z.output<typeof usageSchema>): number {
  return usage.input_tokens + (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0);
}

/** What is kept of a conversation while it is read, however long it is: its first request, its rules, its last turns. */
class Told {
  /** The person's first words. */
  objective: string | null = null;
  #turns = 0;
  #lastTurns: string[] = [];
  readonly #rules = new Set<string>();

  constructor(private readonly skipped: Skipped) {}

  take(who: 'Person' | 'Agent', text: string): void {
    if (who === 'Person' && this.objective === null) this.objective = text;
    else if (who === 'Person') for (const line of text.split('\n')) this.#takeRule(line);
    this.#turns += 1;
    if (this.#turns === 1) return; // the objective, or a greeting
    this.#lastTurns.push(`${who}: ${beginning(text, TURN_CHARACTERS_MAX)}`);
    if (this.#lastTurns.length > TURNS_KEPT) this.#lastTurns.shift();
  }

  lastTurns(): string[] {
    return [...this.#lastTurns];
  }

  /** The last ones that fit. */
  rules(): string[] {
    return [...this.#rules];
  }

  /** Whole lines, verbatim: a rule that was put into other words would be another rule. A question is none. */
  #takeRule(line: string): void {
    const rule = line.replace(/^\s*[-*]\s+/, '').trim();
    if (!STANDING.test(rule) || rule.endsWith('?')) return;
    if (rule.length > DIRECTIVE_CHARACTERS_MAX) return this.skipped.add(BEYOND_BOUNDS);
    this.#rules.add(beginning(rule, DIRECTIVE_CHARACTERS_MAX));
    const [oldest] = this.#rules;
    if (this.#rules.size <= DIRECTIVES_MAX || oldest === undefined) return;
    this.#rules.delete(oldest);
    this.skipped.add(BEYOND_BOUNDS);
  }
}

/** The last turns, the oldest of them dropped first when they are too long, and what was finished. */
function handOver(lastTurns: readonly string[], done: readonly string[]): string | null {
  const turns = [...lastTurns];
  while (turns.join('\n\n').length > TAIL_CHARACTERS_MAX) turns.shift();
  if (turns.length === 0 && done.length === 0) return null;
  const shown = done.slice(-DONE_SHOWN_MAX).map((title) => `- ${beginning(title, 120)}`);
  const parts = [
    'This mission goes on with a conversation that had grown too long.',
    ...(done.length === 0
      ? []
      : [`Finished there (${done.length}), not to be done again:\n${shown.join('\n')}`]),
    ...(turns.length === 0 ? [] : [`Its last turns:\n\n${turns.join('\n\n')}`]),
  ];
  return beginning(parts.join('\n\n'), MESSAGE_CHARACTERS_MAX);
}
