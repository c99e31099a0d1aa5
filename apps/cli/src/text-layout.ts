const BAR_FULL = '█';
const BAR_EMPTY = '░';

/** Rows of cells as aligned lines; the last column is not padded. Columns named in `right` align right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = columnWidths(rows);
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        if (right.includes(column)) return cell.padStart(width);
        return column === row.length - 1 ? cell : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  return widths;
}

/** `6214` → `6.2K`, `24000` → `24K`, `1250000` → `1.3M`; below a thousand the number itself. */
export function shortTokens(tokens: number): string {
  if (tokens < 1_000) return String(tokens);
  // 999,950 and more would round to "1000K".
  return tokens < 999_950 ? `${shortNumber(tokens / 1_000)}K` : `${shortNumber(tokens / 1_000_000)}M`;
}

function shortNumber(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}

/** A bar of `width` cells. Something never looks like nothing, and less than full never looks full. */
export function bar(value: number, max: number, width: number): string {
  if (max <= 0 || value <= 0) return BAR_EMPTY.repeat(width);
  const cells = Math.round((value / max) * width);
  const full = value >= max ? width : Math.min(Math.max(cells, 1), width - 1);
  return BAR_FULL.repeat(full) + BAR_EMPTY.repeat(width - full);
}

/** `1 task`, `3 tasks`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Text from outside on one line, at most `charactersMax` long, unable to steer the terminal. */
export function oneLine(text: string, charactersMax: number): string {
  const line = harmless(text).replace(/\s+/g, ' ').trim();
  return line.length <= charactersMax
    ? line
    : `${line.slice(0, Math.max(charactersMax - 1, 0)).toWellFormed()}…`;
}

/** Text from outside with its lines kept; escape sequences and direction overrides show as U+FFFD. */
export function harmless(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\uFFFD');
}

/** Lines that belong to the line above them. */
export function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
}
