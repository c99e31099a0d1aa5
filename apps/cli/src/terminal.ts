import type { WriteStream } from 'node:tty';

/** What a command writes to; a terminal also shows colour and progress. */
export type OutputStream = NodeJS.WritableStream &
  Partial<Pick<WriteStream, 'isTTY' | 'hasColors' | 'columns' | 'rows'>>;

type Colour = 'bold' | 'dim' | 'green' | 'yellow' | 'red';
const COLOUR_CODES: Record<Colour, readonly [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
};
const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;
const CLEAR_BELOW = '\u001b[J';

/**
 * Results go to stdout; notes, errors and progress go to stderr, so that stdout can be piped. Progress exists
 * only where stderr is a terminal. Colour follows the stream, which knows NO_COLOR.
 */
export class Terminal {
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  #progress = '';
  #drawnLines = 0;

  constructor(streams: { readonly stdout: OutputStream; readonly stderr: OutputStream }) {
    this.#stdout = streams.stdout;
    this.#stderr = streams.stderr;
  }

  /** One or more lines of a result. */
  print(text: string): void {
    this.#above(this.#stdout, `${text}\n`);
  }

  /** The one JSON document of a command run with `--json`. */
  printJson(document: unknown): void {
    this.print(JSON.stringify(document, null, 2));
  }

  /** A line for the person at the keyboard, shown whether or not stdout is piped. */
  note(text: string): void {
    this.#above(this.#stderr, `${text}\n`);
  }

  /** Replaces the progress, a line or a block of a few; an empty text removes it. */
  progress(text: string): void {
    if (this.#stderr.isTTY !== true || text === this.#progress) return;
    const linesUp = this.#progress.split('\n').length - 1;
    const toItsStart = linesUp === 0 ? '\r' : `\r\u001b[${linesUp}A`;
    const columns = this.#stderr.columns ?? COLUMNS_DEFAULT;
    // A line that wraps would be two, and the next block would be drawn over only one of them.
    const lines = text.split('\n').map((line) => line.slice(0, columns));
    this.#stderr.write(toItsStart + CLEAR_BELOW + lines.join('\n'));
    this.#progress = text;
  }

  /** Whether stdout is a terminal, on which `redraw` can draw. */
  get isScreen(): boolean {
    return this.#stdout.isTTY === true;
  }

  get columns(): number {
    return this.#stdout.columns ?? COLUMNS_DEFAULT;
  }

  /** Writes these lines over those of the last call, as many as the screen has room for. */
  redraw(lines: readonly string[]): void {
    const shown = lines.slice(0, (this.#stdout.rows ?? ROWS_DEFAULT) - 1);
    const over = this.#drawnLines === 0 ? '' : `\u001b[${this.#drawnLines}A\u001b[J`;
    this.#above(this.#stdout, `${over}${shown.join('\n')}\n`);
    this.#drawnLines = shown.length;
  }

  paint(colour: Colour, text: string): string {
    if (this.#stdout.isTTY !== true || this.#stdout.hasColors?.() !== true) return text;
    const [on, off] = COLOUR_CODES[colour];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  }

  /** Writes with the progress taken away and put back below. */
  #above(stream: OutputStream, text: string): void {
    const progress = this.#progress;
    this.progress('');
    stream.write(text);
    this.progress(progress);
  }
}
