import { INPUT_PROMPT_CHARACTERS_MAX } from '#contracts';

const TITLE_CHARACTERS_MAX = 100;
/** Room for the line that counts what is not named. */
const REST_CHARACTERS = 20;

const QUESTION = {
  dispatch: 'Let workers begin with this?',
  completion: 'Take these results as they are?',
} as const;

/** What a person is asked to approve: a line for each task, as many as the bound lets through, the rest counted. */
export function approvalPrompt(
  about: keyof typeof QUESTION,
  tasks: readonly { readonly ref: string; readonly title: string; readonly pool: string | null }[],
): string {
  let prompt: string = QUESTION[about];
  for (const [place, { ref, title, pool }] of tasks.entries()) {
    const line = `\n${ref} ${title.slice(0, TITLE_CHARACTERS_MAX).toWellFormed()}${pool === null ? '' : ` (${pool})`}`;
    if (prompt.length + line.length > INPUT_PROMPT_CHARACTERS_MAX - REST_CHARACTERS)
      return `${prompt}\n+${tasks.length - place} more`;
    prompt += line;
  }
  return prompt;
}
