import { toStorableText } from '#contracts';

/** Texts are read no further than this. */
const TEXT_CHARACTERS_READ_MAX = 2_000;

/** Text from outside on one line, without what cannot be seen. */
export function oneLine(text: string): string {
  return toStorableText(text.slice(0, TEXT_CHARACTERS_READ_MAX))
    .replace(/[\p{C}\p{Z}\s]+/gu, ' ')
    .trim();
}
