/** What a person typed, as tasks: one per line, or one with instructions below its title. */
export type SubmissionMode = 'one' | 'many';

/** As many as one request takes. */
const TASKS_MAX = 1_000;
const TITLE_CHARACTERS_MAX = 500;

export interface TypedTask {
  readonly title: string;
  readonly instructions: string;
}

export function tasksIn(text: string, mode: SubmissionMode): TypedTask[] {
  const lines = text.split('\n').map((line) => line.trim());
  if (mode === 'many')
    return lines.filter((line) => line !== '').map((title) => ({ title, instructions: '' }));
  const first = lines.findIndex((line) => line !== '');
  if (first < 0) return [];
  return [
    {
      title: lines[first] ?? '',
      instructions: lines
        .slice(first + 1)
        .join('\n')
        .trim(),
    },
  ];
}

/** Why they cannot be submitted; null when they can. */
export function submissionProblem(tasks: readonly TypedTask[]): string | null {
  if (tasks.length > TASKS_MAX) return `One request takes ${TASKS_MAX} tasks; these are ${tasks.length}.`;
  const place = tasks.findIndex(({ title }) => title.length > TITLE_CHARACTERS_MAX);
  return place < 0
    ? null
    : `The title of task ${place + 1} is longer than ${TITLE_CHARACTERS_MAX} characters.`;
}
