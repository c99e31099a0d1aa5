import { TASK_DEPENDENCIES_MAX, type MessageInput } from '#contracts';
import type { NewTask } from '../api-client.js';

/** What a file becomes: a mission, its open work, and what the first conductor has to know. */
export interface ImportPlan {
  readonly format: 'claude-code' | 'beads' | 'github';
  /** The same for the same source, so that importing it again finds the same mission. */
  readonly importKey: string;
  readonly title: string;
  readonly objective: string;
  /** What reads like a standing instruction of the person, verbatim: to be proposed, not to be obeyed. */
  readonly directives: readonly string[];
  /** Open work, what is depended on first. */
  readonly tasks: readonly PlannedTask[];
  /** Titles of what was finished there. */
  readonly done: readonly string[];
  /** The end of the conversation, bounded: what the person said, and what the agent said, which is nobody's word. */
  readonly messages: readonly MessageInput[];
  /** Tokens of the last request of the conversation, as its provider counted them; null when nothing says so. */
  readonly beforeTokens: number | null;
  /** Lines and items that were left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

export type PlannedTask = NewTask & { readonly key: string; readonly depends_on: readonly string[] };

/** Counts what is left out. */
export class Skipped {
  readonly #counts = new Map<string, number>();

  add(reason: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

/**
 * Puts every task after those that it depends on, so that the list can be handed in page by page. A dependency that is
 * not among them is dropped; one that would close a circle, or that is more than a task may have, is dropped and counted.
 */
export function inOrder(tasks: readonly PlannedTask[], skipped: Skipped): PlannedTask[] {
  const byKey = new Map(tasks.map((task) => [task.key, task]));
  const ordered = new Map<string, PlannedTask>();
  const underWay = new Set<string>();
  const place = (first: PlannedTask): void => {
    const stack = [{ task: first, left: [...new Set(first.depends_on)], kept: [] as string[] }];
    underWay.add(first.key);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const key = top.left.shift();
      if (key === undefined) {
        ordered.set(top.task.key, { ...top.task, depends_on: top.kept });
        underWay.delete(top.task.key);
        stack.pop();
        continue;
      }
      const dependency = byKey.get(key);
      if (dependency === undefined) continue; // finished, or not in this file
      if (underWay.has(key)) skipped.add('dependency that closes a circle');
      else if (top.kept.length === TASK_DEPENDENCIES_MAX) skipped.add('dependency beyond the bounds');
      else top.kept.push(key);
      if (ordered.has(key) || underWay.has(key)) continue;
      underWay.add(key);
      stack.push({ task: dependency, left: [...new Set(dependency.depends_on)], kept: [] });
    }
  };
  for (const task of byKey.values()) if (!ordered.has(task.key)) place(task);
  return [...ordered.values()];
}
