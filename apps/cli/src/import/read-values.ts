import { createReadStream } from 'node:fs';
import type { Skipped } from './plan.js';

/** A line with a pasted image or a whole file in it is longer than this, and has nothing that an import needs. */
const LINE_CHARACTERS_MAX = 4 * 1_024 * 1_024;
/** A document that is one JSON array is read whole. */
const DOCUMENT_CHARACTERS_MAX = 64 * 1_024 * 1_024;

/**
 * The JSON values of a file: one a line, or the items of one array. Reads it piece by piece; of lines it holds one at a
 * time. What cannot be read is counted and left out. Throws when an array is too long to be held.
 */
export async function* readValues(file: string, skipped: Skipped): AsyncGenerator {
  let line = '';
  let isTooLong = false;
  let isDocument: boolean | null = null;
  for await (const chunk of createReadStream(file, 'utf8') as AsyncIterable<string>) {
    isDocument ??= /^\s*\[/.test(chunk);
    if (isDocument) {
      line += chunk;
      if (line.length > DOCUMENT_CHARACTERS_MAX)
        throw new Error(
          `${file} is one array of more than ${DOCUMENT_CHARACTERS_MAX} characters: write one item a line.`,
        );
      continue;
    }
    const [first = '', ...rest] = chunk.split('\n');
    line = isTooLong ? '' : line + first;
    for (const next of rest) {
      if (isTooLong) skipped.add('line that is too long');
      else yield* parse(line, skipped);
      isTooLong = false;
      line = next;
    }
    if (line.length > LINE_CHARACTERS_MAX) [line, isTooLong] = ['', true];
  }
  if (isTooLong) skipped.add('line that is too long');
  for (const value of parse(line, skipped)) {
    if (Array.isArray(value)) yield* value;
    else yield value;
  }
}

function parse(text: string, skipped: Skipped): unknown[] {
  if (text.trim() === '') return [];
  try {
    return [JSON.parse(text)];
  } catch {
    skipped.add('line that is no JSON');
    return [];
  }
}
