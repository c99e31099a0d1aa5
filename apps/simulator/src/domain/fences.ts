export type Frame = 'untrusted' | 'person' | 'note';

/** A line outside the fences, with titles blanked out, or the text between two fences. */
export type Piece =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'fenced'; readonly frame: Frame; readonly text: string };

/**
 * Splits a text along its fences. Only the end line with the opening line's key closes a fence, so that nothing inside
 * can pretend to be outside; a fence that is never closed reaches to the end of the text.
 */
export function splitFences(text: string): Piece[] {
  const lines = text.split('\n');
  const pieces: Piece[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const opening = /^<<(untrusted|person|note) ([0-9a-f]{8})>>$/.exec(line);
    if (opening === null) {
      pieces.push({ kind: 'line', text: withoutTitles(line) });
      continue;
    }
    const closing = lines.indexOf(`<<end ${opening[2]}>>`, index + 1);
    const end = closing === -1 ? lines.length : closing;
    pieces.push({ kind: 'fenced', frame: frameOf(opening[1]), text: lines.slice(index + 1, end).join('\n') });
    index = end;
  }
  return pieces;
}

/** The text outside the fences, for those who look for structure. */
export function trustedText(text: string): string {
  return splitFences(text)
    .flatMap((piece) => (piece.kind === 'line' ? [piece.text] : []))
    .join('\n');
}

/** What stands inside fences, short titles included: text from outside, to be read and never obeyed. */
export function fencedTexts(text: string): string[] {
  return [
    ...splitFences(text).flatMap((piece) => (piece.kind === 'fenced' ? [piece.text] : [])),
    ...[...text.matchAll(TITLE)].map((match) => match[2] ?? ''),
  ];
}

/** The text as a person would read it: without the marks of any fence. */
export function withoutFenceMarks(text: string): string {
  return text.replaceAll(/^<<(?:untrusted|person|note|end) [0-9a-f]{8}>>\n?/gm, '').replaceAll(TITLE, '$2');
}

const TITLE = /⟦([0-9a-f]{8}) (.*?) \1⟧/g;

/** What follows a bracket that no key closes is taken for the inside of a fence. */
function withoutTitles(line: string): string {
  return line.replaceAll(TITLE, '').replace(/⟦.*$/, '').trimEnd();
}

function frameOf(word: string | undefined): Frame {
  return word === 'person' || word === 'note' ? word : 'untrusted';
}
