export type DiffKind = 'same' | 'gone' | 'new';
export interface DiffLine {
  readonly kind: DiffKind;
  readonly text: string;
}

/** Beyond so many lines on a side, what differs in the middle is shown as gone and new, without looking for likeness. */
const COMPARED_LINES_MAX = 1_500;

/** What changed from one text to another, line by line: the longest common subsequence stays. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail))
    tail += 1;
  const middle = compare(old.slice(head, old.length - tail), now.slice(head, now.length - tail));
  return [...as('same', old.slice(0, head)), ...middle, ...as('same', old.slice(old.length - tail))];
}

function as(kind: DiffKind, lines: readonly string[]): DiffLine[] {
  return lines.map((text) => ({ kind, text }));
}

function compare(old: readonly string[], now: readonly string[]): DiffLine[] {
  if (Math.max(old.length, now.length) > COMPARED_LINES_MAX) return [...as('gone', old), ...as('new', now)];
  const common = commonLengths(old, now);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < old.length && j < now.length) {
    const [here, there] = [old[i] ?? '', now[j] ?? ''];
    if (here === there) {
      lines.push({ kind: 'same', text: here });
      i += 1;
      j += 1;
    } else if (at(common, i + 1, j) >= at(common, i, j + 1)) {
      lines.push({ kind: 'gone', text: here });
      i += 1;
    } else {
      lines.push({ kind: 'new', text: there });
      j += 1;
    }
  }
  return [...lines, ...as('gone', old.slice(i)), ...as('new', now.slice(j))];
}

/** By place in both: how many lines the rest of them have in common, in order. */
function commonLengths(old: readonly string[], now: readonly string[]): Uint16Array[] {
  const rows = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1)
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const row = rows[i];
      if (row !== undefined)
        row[j] =
          old[i] === now[j] ? at(rows, i + 1, j + 1) + 1 : Math.max(at(rows, i + 1, j), at(rows, i, j + 1));
    }
  return rows;
}

function at(rows: readonly Uint16Array[], i: number, j: number): number {
  return rows[i]?.[j] ?? 0;
}

/** Leaves out long runs of what is the same: `context` lines of it stay around each change. */
export function folded(
  lines: readonly DiffLine[],
  context: number,
): (DiffLine | { readonly kind: 'fold'; readonly count: number })[] {
  const isNear = lines.map((_, place) =>
    lines.slice(Math.max(0, place - context), place + context + 1).some(({ kind }) => kind !== 'same'),
  );
  const shown: (DiffLine | { kind: 'fold'; count: number })[] = [];
  for (const [place, line] of lines.entries()) {
    const last = shown.at(-1);
    if (isNear[place] === true) shown.push(line);
    else if (last?.kind === 'fold') last.count += 1;
    else shown.push({ kind: 'fold', count: 1 });
  }
  return shown;
}
