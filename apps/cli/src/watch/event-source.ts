import { setTimeout as delay } from 'node:timers/promises';
import { eventSchema, type LedgerEvent } from '#contracts';
import { ApiProblemError, NoServiceError } from '../transport.js';

/** The service shows every ten seconds that a stream lives; three times that is silence. */
const SILENCE_MS = 30_000;
const RECONNECT_MS = 1_000;
const EVENT_CHARACTERS_MAX = 1_000_000;

/** Opens one connection to a stream of server-sent events, after `lastSeq`; its chunks are text. */
export type OpenStream = (lastSeq: number, signal: AbortSignal) => Promise<AsyncIterable<string>>;

/**
 * A mission's events after `afterSeq`, each once and in order, until `until` aborts. A connection that is lost, silent or
 * ended by the service is made again after the last event that came. Throws what the service refuses, such as a key.
 */
export async function* followEvents(options: {
  readonly open: OpenStream;
  readonly afterSeq: number;
  readonly until: AbortSignal;
  readonly onLost: () => void;
}): AsyncGenerator<LedgerEvent> {
  const { open, until, onLost } = options;
  let lastSeq = options.afterSeq;
  let hasConnected = false;
  const isStopped = () => until.aborted;
  while (!isStopped()) {
    const silence = new SilenceAlarm();
    try {
      const chunks = await open(lastSeq, AbortSignal.any([until, silence.signal]));
      hasConnected = true;
      for await (const event of eventsOf(silence.watch(chunks))) {
        lastSeq = event.seq ?? lastSeq;
        yield event;
      }
    } catch (error) {
      if (isStopped()) return;
      if (error instanceof ApiProblemError && !error.retryable) throw error;
      if (error instanceof NoServiceError && !hasConnected) throw error;
    } finally {
      silence.stop();
    }
    onLost();
    await delay(RECONNECT_MS, undefined, { signal: until }).catch(() => undefined);
  }
}

/** Aborts when nothing has come for too long. */
class SilenceAlarm {
  readonly #silent = new AbortController();
  #timer = this.#arm();

  get signal(): AbortSignal {
    return this.#silent.signal;
  }

  async *watch(chunks: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const chunk of chunks) {
      clearTimeout(this.#timer);
      this.#timer = this.#arm();
      yield chunk;
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(() => this.#silent.abort(), SILENCE_MS);
  }
}

/** The events of a stream's text, however it was cut into chunks; comments and named events are none. */
export async function* eventsOf(chunks: AsyncIterable<string>): AsyncGenerator<LedgerEvent> {
  let text = '';
  for await (const chunk of chunks) {
    text += chunk;
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    if (text.length > EVENT_CHARACTERS_MAX) throw new Error('an event of the stream does not end');
    for (const frame of frames) {
      const lines = frame.split('\n');
      const data = lines.find((line) => line.startsWith('data: '));
      const isNamed = lines.some((line) => line.startsWith('event: '));
      if (data !== undefined && !isNamed) yield eventSchema.parse(JSON.parse(data.slice('data: '.length)));
    }
  }
}
