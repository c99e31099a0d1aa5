import { setTimeout as delay } from 'node:timers/promises';
import { followAll } from './generated/index.js';
import type { Client } from './generated/client/index.js';
import { sendOnce } from './send.js';

const RECONNECT_MS = 1_000;
const RECONNECT_MAX_MS = 30_000;

interface Hint {
  readonly mission_id?: string;
}

/**
 * Says when something has happened in a mission, by one live stream for all who want to know. Hints may be lost, and there
 * may be no stream at all: whoever waits for one looks by itself now and then.
 */
export class MissionHints {
  readonly #listeners = new Set<(missionId: string) => void>();
  #stop: AbortController | null = null;

  constructor(private readonly client: Client) {}

  /** Calls `listener` for each hint until the returned function is called. */
  listen(listener: (missionId: string) => void): () => void {
    this.#listeners.add(listener);
    if (this.#stop === null) {
      this.#stop = new AbortController();
      void this.#follow(this.#stop.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.abort();
      this.#stop = null;
    };
  }

  async #follow(stop: AbortSignal): Promise<void> {
    for (let failures = 0; !stop.aborted; failures += 1) {
      // Without retries of its own: it waits without looking whether anybody still wants it to.
      const { stream } = await followAll({
        client: this.client,
        fetch: sendOnce,
        signal: stop,
        sseMaxRetryAttempts: 1,
      });
      for await (const hint of stream as AsyncIterable<Hint>) {
        failures = 0;
        if (hint.mission_id !== undefined) for (const tell of [...this.#listeners]) tell(hint.mission_id);
      }
      const delayMs = Math.min(RECONNECT_MS * 2 ** failures, RECONNECT_MAX_MS);
      await delay(delayMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}
