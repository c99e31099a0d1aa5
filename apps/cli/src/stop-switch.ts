/**
 * How a long command is asked to end. The first press says stop (finish or give back what is in hand), a second one
 * says hurry (do not wait for it). Pressed by Ctrl-C, SIGTERM, and a reader of stdout that went away.
 */
export class StopSwitch {
  readonly #stopping = new AbortController();
  readonly #hurrying = new AbortController();
  #exitCode = 0;

  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  get hurrying(): AbortSignal {
    return this.#hurrying.signal;
  }

  /** What the first press asked the process to end with. */
  get exitCode(): number {
    return this.#exitCode;
  }

  press(exitCode: number): void {
    if (this.stopping.aborted) return this.#hurrying.abort();
    this.#exitCode = exitCode;
    this.#stopping.abort();
  }
}
