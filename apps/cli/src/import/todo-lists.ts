import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Block } from './claude-code.js';
import { beginning } from './text.js';

const INSTRUCTIONS_CHARACTERS_MAX = 50_000;
const KEY_HEX_CHARACTERS = 12;

interface Todo {
  readonly id: string;
  title: string;
  instructions: string;
  status: string;
  readonly blockedBy: string[];
}

const todoWriteSchema = z.object({ todos: z.array(z.object({ content: z.string(), status: z.string() })) });
const createSchema = z.object({ subject: z.string(), description: z.string().default('') });
const updateSchema = z.object({
  taskId: z.union([z.string(), z.int().transform(String)]),
  status: z.string().optional(),
  subject: z.string().optional(),
  description: z.string().optional(),
  addBlockedBy: z.array(z.string()).default([]),
  addBlocks: z.array(z.string()).default([]),
});

/**
 * The to-do list of a conversation as its tools left it: the last whole list (`TodoWrite`), or tasks that were created
 * and changed one by one (`TaskCreate`, `TaskUpdate`), whose ids their results name.
 */
export class TodoLists {
  #written: Todo[] = [];
  readonly #tasks = new Map<string, Todo>();
  /** Calls that create a task and have no result yet: by their ids. */
  readonly #creating = new Map<string, z.output<typeof createSchema>>();

  take(block: Block): void {
    if (block.type === 'tool_use' && block.name === 'TodoWrite') this.#write(block.input);
    if (block.type === 'tool_use' && block.name === 'TaskUpdate') this.#update(block.input);
    if (block.type === 'tool_use' && block.name === 'TaskCreate') {
      const created = createSchema.safeParse(block.input);
      if (created.success && block.id !== undefined) this.#creating.set(block.id, created.data);
    }
    if (block.type === 'tool_result') this.#created(block);
  }

  open(): Todo[] {
    return this.#all().filter(({ status }) => status === 'pending' || status === 'in_progress');
  }

  /** Titles of what was finished. */
  done(): string[] {
    return this.#all().flatMap(({ title, status }) => (status === 'completed' ? [title] : []));
  }

  #all(): Todo[] {
    return [...this.#written, ...this.#tasks.values()];
  }

  #write(input: unknown): void {
    const parsed = todoWriteSchema.safeParse(input);
    if (!parsed.success) return;
    this.#written = parsed.data.todos.map(({ content, status }) => ({
      id: createHash('sha256').update(content).digest('hex').slice(0, KEY_HEX_CHARACTERS),
      title: content,
      instructions: '',
      status,
      blockedBy: [],
    }));
  }

  /** The result says which number the task was given; without one it is the next. */
  #created(block: Block): void {
    const creating = this.#creating.get(block.tool_use_id ?? '');
    if (creating === undefined) return;
    this.#creating.delete(block.tool_use_id ?? '');
    const [, number] = /Task #(\d{1,9})\b/.exec(JSON.stringify(block.content ?? '')) ?? [];
    const id = number ?? String(this.#tasks.size + 1);
    this.#tasks.set(id, {
      id,
      title: creating.subject,
      instructions: beginning(creating.description, INSTRUCTIONS_CHARACTERS_MAX),
      status: 'pending',
      blockedBy: [],
    });
  }

  #update(input: unknown): void {
    const parsed = updateSchema.safeParse(input);
    if (!parsed.success) return;
    const { taskId, status, subject, description, addBlockedBy, addBlocks } = parsed.data;
    for (const id of addBlocks) this.#tasks.get(id)?.blockedBy.push(taskId);
    const task = this.#tasks.get(taskId);
    if (task === undefined) return;
    task.status = status ?? task.status;
    task.title = subject ?? task.title;
    task.instructions =
      description === undefined ? task.instructions : beginning(description, INSTRUCTIONS_CHARACTERS_MAX);
    task.blockedBy.push(...addBlockedBy);
  }
}
