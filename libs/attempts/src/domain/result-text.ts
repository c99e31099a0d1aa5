import { RESULT_SUMMARY_CHARACTERS_MAX, toStorableText, type ResultInput } from '#contracts';

const SUMMARY_LINE_CHARACTERS_MAX = Math.min(500, RESULT_SUMMARY_CHARACTERS_MAX);

/** A model's plain answer as a result: its first line sums it up, the rest is the output. Null for an empty answer. */
export function resultOfText(answer: string): ResultInput | null {
  const text = toStorableText(answer).trim();
  if (text === '') return null;
  const [firstLine = '', ...rest] = text.split('\n');
  const body = rest.join('\n').trim();
  return {
    summary: toStorableText(firstLine.slice(0, SUMMARY_LINE_CHARACTERS_MAX)),
    output: body === '' ? firstLine : body,
    artifacts: [],
  };
}
