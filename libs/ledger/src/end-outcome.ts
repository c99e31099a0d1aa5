import { taskResultSchema } from '#contracts';
import type { EndState } from './domain/digest-node.js';

/** What a task came to, in a few words from its worker or its reviewer: the result's first line, or why there is none. */
export function endOutcome(end: {
  readonly state: EndState;
  readonly result: unknown;
  readonly reason: string | null;
  readonly feedback: string | null;
}): string {
  if (end.state === 'completed') {
    const parsed = taskResultSchema.safeParse(end.result);
    return parsed.success ? firstLine(parsed.data.summary) : '';
  }
  return [end.reason, firstLine(end.feedback ?? '')]
    .filter((part) => part !== null && part !== '')
    .join(': ');
}

function firstLine(text: string): string {
  return text.trimStart().split('\n', 1)[0] ?? '';
}
