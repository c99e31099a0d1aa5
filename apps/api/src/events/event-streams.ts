import type { ServerResponse } from 'node:http';
import type { OnModuleDestroy } from '@nestjs/common';
import type { CommittedEvents, EventNotices } from '#database';
import type { Logger } from '#telemetry';
import type { Call } from '../edge/call.js';
import { ApiProblem } from '../edge/problem.js';
import { LiveStream } from './live-stream.js';

const STREAMS_PER_TENANT_MAX = 50;
const STREAMS_PER_PROCESS_MAX = 500;
const TRY_AGAIN_SECONDS = 5;
/** How often each stream shows that it lives. */
export const STREAM_BEAT_MS = 10_000;
/** How often the keys of all streams are looked at, in one statement: one that is revoked ends its streams within this. */
export const KEYS_LOOK_MS = 1_000;
export const SLOW_READER_MS = 10_000;

type KeyOfTenant = Pick<Call, 'tenantId' | 'keyId'>;

/** Who follows, by which key, and where to. */
type Follower = KeyOfTenant & { readonly response: ServerResponse };

export interface EventStreamsOptions {
  readonly notices: Pick<EventNotices, 'subscribe'>;
  /** The ids of those of these keys that are in force no more. */
  readonly endedKeys: (keys: readonly KeyOfTenant[]) => Promise<readonly string[]>;
  readonly logger: Logger;
  readonly beatMs: number;
  readonly keysLookMs: number;
  readonly slowReaderMs: number;
}

/** The live streams of this process: bounded, woken by notices, and ended with it. */
export class EventStreams implements OnModuleDestroy {
  private readonly streams = new Map<
    LiveStream,
    KeyOfTenant & { readonly hear: (events: CommittedEvents) => void }
  >();
  private readonly stopListening: () => void;
  private readonly lookingAtKeys: NodeJS.Timeout;
  private isStopping = false;
  private isLookingAtKeys = false;

  constructor(private readonly options: EventStreamsOptions) {
    this.stopListening = options.notices.subscribe((events) => {
      for (const [stream, { tenantId, hear }] of this.streams)
        if (events === null) stream.wake();
        else if (events.tenantId === tenantId) hear(events);
    });
    this.lookingAtKeys = setInterval(() => void this.endRevoked(), options.keysLookMs).unref();
  }

  /**
   * Holds a stream open for as long as `follow` sends, its reader stays and its key holds. Resolves when it has ended,
   * with the reason as its last event. 429 when there are too many streams, 503 when this process is about to end.
   */
  async run(
    follower: Follower,
    hear: (stream: LiveStream, events: CommittedEvents) => void,
    follow: (stream: LiveStream) => Promise<void>,
  ): Promise<void> {
    this.refuseTooMany(follower.tenantId);
    const stream = new LiveStream(follower.response, this.options.slowReaderMs);
    const { tenantId, keyId } = follower;
    this.streams.set(stream, { tenantId, keyId, hear: (events) => hear(stream, events) });
    const beat = setInterval(() => stream.beat(), this.options.beatMs);
    try {
      stream.open();
      while (!stream.hasEnded) await follow(stream);
    } catch (error) {
      this.options.logger.warn({ err: error }, 'a live stream was ended by an error; its reader comes back');
      stream.end('interrupted');
    } finally {
      clearInterval(beat);
      this.streams.delete(stream);
    }
  }

  onModuleDestroy(): void {
    this.isStopping = true;
    this.stopListening();
    clearInterval(this.lookingAtKeys);
    for (const stream of this.streams.keys()) stream.end('shutting_down');
  }

  private async endRevoked(): Promise<void> {
    const keys = new Map([...this.streams.values()].map((stream) => [stream.keyId, stream]));
    if (keys.size === 0 || this.isLookingAtKeys) return;
    this.isLookingAtKeys = true;
    // A database that is away revokes nothing.
    const ended = await this.options.endedKeys([...keys.values()]).catch((): string[] => []);
    this.isLookingAtKeys = false;
    for (const [stream, { keyId }] of this.streams) if (ended.includes(keyId)) stream.end('key_revoked');
  }

  private refuseTooMany(tenantId: string): void {
    const again = { retryAfterSeconds: TRY_AGAIN_SECONDS };
    if (this.isStopping)
      throw new ApiProblem(503, 'shutting_down', 'This process is about to end; connect again.', again);
    if (this.streams.size >= STREAMS_PER_PROCESS_MAX)
      throw new ApiProblem(
        429,
        'too_many_streams',
        `${STREAMS_PER_PROCESS_MAX} streams are open here.`,
        again,
      );
    const own = [...this.streams.values()].filter((stream) => stream.tenantId === tenantId).length;
    if (own >= STREAMS_PER_TENANT_MAX)
      throw new ApiProblem(
        429,
        'too_many_streams',
        `A tenant has at most ${STREAMS_PER_TENANT_MAX} streams; close one, or follow /v1/events/stream.`,
        again,
      );
  }
}
