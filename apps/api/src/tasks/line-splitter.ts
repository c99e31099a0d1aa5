import { tooLarge } from '../edge/read-body.js';

const NEWLINE = 0x0a;

/** Cuts a body into lines while it arrives, holding no more than the line that is still incomplete. 413 for a longer one. */
export class LineSplitter {
  private pieces: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly lineBytesMax: number,
    private readonly take: (line: Buffer) => void,
  ) {}

  push(chunk: Buffer): void {
    for (let start = 0; start < chunk.length;) {
      const newline = chunk.indexOf(NEWLINE, start);
      const end = newline === -1 ? chunk.length : newline;
      this.keep(chunk.subarray(start, end));
      if (newline !== -1) this.end();
      start = end + 1;
    }
  }

  /** Hands over what came since the last newline; an empty line is none. */
  end(): void {
    const line = Buffer.concat(this.pieces);
    this.pieces = [];
    this.bytes = 0;
    if (line.toString('latin1').trim() !== '') this.take(line);
  }

  private keep(piece: Buffer): void {
    this.bytes += piece.length;
    if (this.bytes > this.lineBytesMax) throw tooLarge(this.lineBytesMax);
    if (piece.length > 0) this.pieces.push(piece);
  }
}
