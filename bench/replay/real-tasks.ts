import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { ArrivingTask } from '../harness/bench-mission.js';
import { packageRoot } from '../harness/package-root.js';

const FILE = 'examples/backlog-outcomes.ndjson';

const rowSchema = z.object({
  key: z.string(),
  title: z.string(),
  instructions: z.string(),
  priority: z.int(),
  outcome: z.string(),
});

/** So many arrivals of real tasks with their real outcomes, from the beginning again when the file is at its end. */
export async function realTasks(count: number): Promise<ArrivingTask[]> {
  const text = await readFile(path.join(packageRoot(), FILE), 'utf8');
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => rowSchema.parse(JSON.parse(line)));
  return Array.from({ length: count }, (_task, index) => {
    const { key, title, instructions, priority, outcome } = rows[index % rows.length] ?? rowSchema.parse({});
    const round = Math.floor(index / rows.length);
    return {
      key: round === 0 ? key : `${key}-${round + 1}`,
      title,
      instructions,
      priority,
      metadata: { outcome },
    };
  });
}
