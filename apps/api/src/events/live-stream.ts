import type { ServerResponse } from 'node:http';

/** A browser waits so long before it connects again. */
const RETRY_MS = 2_000;
/** The last event gets this long to leave before the connection goes. */
const LAST_WORD_MS = 1_000;

/** Why a stream ended: the last event's `reason`. */
export type StreamEnd = 'shutting_down' | 'key_revoked' | 'slow_reader' | 'interrupted' | 'gone';

/**
 * Server-sent events to one reader. What is held for it is what its socket holds and one event: `send` waits until there
 * is room again.
 */
export class LiveStream {
  private readonly over = new AbortController();
  private isWoken = false;
  private waker: (() => void) | null = null;
  private isFull = false;

  /** A reader that takes nothing for `slowReaderMs` is cut off; it resumes where it was. */
  constructor(
    private readonly response: ServerResponse,
    private readonly slowReaderMs: number,
  ) {
    response.once('close', () => this.end('gone'));
    response.once('error', () => this.end('gone'));
    if (response.destroyed) this.end('gone');
  }

  get hasEnded(): boolean {
    return this.over.signal.aborted;
  }

  open(): void {
    if (this.hasEnded) return;
    this.response.statusCode = 200;
    this.response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
    this.response.setHeader('Cache-Control', 'no-store');
    this.response.setHeader('Connection', 'close'); // a stream that is cut off takes no other request with it
    this.response.setHeader('X-Accel-Buffering', 'no'); // nginx would hold events back
    this.response.flushHeaders();
    this.response.write(`retry: ${RETRY_MS}\n\n`);
  }

  /** Sends one event, as one line of JSON; with an id a reader can resume after it. */
  async send(data: unknown, id?: number): Promise<void> {
    if (this.hasEnded) return;
    const head = id === undefined ? '' : `id: ${id}\n`;
    if (!this.response.write(`${head}data: ${JSON.stringify(data)}\n\n`)) await this.untilDrained();
  }

  /** Shows that the stream lives; not to a reader that is behind anyway. */
  beat(): void {
    if (!this.hasEnded && !this.isFull) this.response.write(': still here\n\n');
  }

  /** Something may have happened: `untilWoken` returns now, or at once when it is next called. */
  wake(): void {
    this.isWoken = true;
    this.waker?.();
  }

  /** Waits until it is woken, the time has passed, or the stream has ended. */
  async untilWoken(waitMs: number): Promise<void> {
    if (!this.isWoken && !this.hasEnded) await this.pause(waitMs);
    this.isWoken = false;
  }

  end(reason: StreamEnd): void {
    if (this.hasEnded) return;
    this.over.abort();
    this.waker?.();
    if (reason === 'gone') return;
    this.response.end(`event: end\ndata: ${JSON.stringify({ reason })}\n\n`);
    setTimeout(() => this.response.destroy(), LAST_WORD_MS).unref();
  }

  private async untilDrained(): Promise<void> {
    this.isFull = true;
    const drained = await new Promise<boolean>((resolve) => {
      const settle = (isDrained: boolean) => {
        clearTimeout(timer);
        this.response.off('drain', onDrain);
        this.over.signal.removeEventListener('abort', onDrain);
        resolve(isDrained);
      };
      const onDrain = () => settle(true);
      const timer = setTimeout(() => settle(false), this.slowReaderMs);
      this.response.once('drain', onDrain);
      this.over.signal.addEventListener('abort', onDrain);
    });
    this.isFull = false;
    if (!drained) this.end('slow_reader');
  }

  private pause(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.waker?.(), waitMs);
      this.waker = () => {
        clearTimeout(timer);
        this.waker = null;
        resolve();
      };
    });
  }
}
