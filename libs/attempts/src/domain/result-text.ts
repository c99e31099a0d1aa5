import { RESULT_SUMMARY_CHARACTERS_MAX, toStorableText, type ResultInput } from '#contracts';

const SUMMARY_LINE_CHARACTERS_MAX = Math.min(500, RESULT_SUMMARY_CHARACTERS_MAX);

/**
 * A model's plain answer as a result: its first line sums it up, the rest is the output, which is all of the answer
 * when there is no rest or the line is too long for a summary. Null for an empty answer.
 */
export function resultOfText(answer: string): ResultInput | null {
  const text = toStorableText(answer).trim();
  if (text === '') return null;
  const firstLine = text.slice(0, `${text}\n`.indexOf('\n'));
  const body = text.slice(firstLine.length).trim();
  return {
    summary: toStorableText(firstLine.slice(0, SUMMARY_LINE_CHARACTERS_MAX)),
    output: body === '' || firstLine.length > SUMMARY_LINE_CHARACTERS_MAX ? text : body,
    artifacts: [],
  };
}
