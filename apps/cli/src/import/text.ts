import { toStorableText } from '#contracts';

/** The beginning of a text, with the `…` that marks a cut; at most `charactersMax` long. */
export function beginning(text: string, charactersMax: number): string {
  const clean = toStorableText(text).trim();
  return clean.length <= charactersMax ? clean : `${clean.slice(0, charactersMax - 1).toWellFormed()}…`;
}

/** The first line that says something; never empty. */
export function firstLine(text: string, charactersMax: number): string {
  const line = text.split('\n').find((candidate) => candidate.trim() !== '');
  return beginning(line ?? 'Untitled', charactersMax);
}
