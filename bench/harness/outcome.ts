/** A promise that a benchmark checks while it measures. */
export interface Check {
  readonly name: string;
  readonly limit: string;
  readonly measured: number;
  readonly holds: boolean;
}

/** Rows of cells under a title; the first row names the columns. */
export interface Table {
  readonly title: string;
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What a benchmark has found out: for programs, for people, and whether what was promised held. */
export interface Outcome {
  readonly report: object;
  readonly tables: readonly Table[];
  readonly checks: readonly Check[];
}

export function atMost(name: string, measured: number, limit: number): Check {
  return { name, limit: `at most ${limit}`, measured, holds: measured <= limit };
}

export function atLeast(name: string, measured: number, limit: number): Check {
  return { name, limit: `at least ${limit}`, measured, holds: measured >= limit };
}

export function exactly(name: string, measured: number, limit: number): Check {
  return { name, limit: `exactly ${limit}`, measured, holds: measured === limit };
}

/** An outcome as a person reads it. */
export function outcomeText({ tables, checks }: Outcome): string {
  const verdicts = checks.map(({ name, limit, measured, holds }) => [
    holds ? 'ok' : 'BROKEN',
    name,
    limit,
    measured,
  ]);
  const all: readonly Table[] = [
    ...tables,
    { title: 'Promises', rows: [['', 'what', 'limit', 'measured'], ...verdicts] },
  ];
  return all.map(tableText).join('\n\n');
}

function tableText({ title, rows }: Table): string {
  const cells = rows.map((row) => row.map(cellText));
  const widths = (cells[0] ?? []).map((_cell, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const lines = cells.map((row) =>
    row.map((cell, column) => padded(cell, widths[column] ?? 0, column)).join('  '),
  );
  return [title, ...lines.map((line) => `  ${line.trimEnd()}`)].join('\n');
}

function cellText(cell: string | number): string {
  return typeof cell === 'number' ? cell.toLocaleString('en') : cell;
}

/** The first column is words, the others mostly numbers. */
function padded(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
