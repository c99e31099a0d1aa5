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
/** How often each stream shows that it lives, and its key is looked at again: a revoked one ends it within this. */
export const STREAM_BEAT_MS = 10_000;
export const SLOW_READER_MS = 10_000;

/** Who follows, by which key, and where to. */
type Follower = Pick<Call, 'tenantId' | 'keyId'> & { readonly response: ServerResponse };

export interface EventStreamsOptions {
  readonly notices: Pick<EventNotices, 'subscribe'>;
  readonly isKeyInForce: (key: Pick<Call, 'tenantId' | 'keyId'>) => Promise<boolean>;
  readonly logger: Logger;
  readonly beatMs: number;
  readonly slowReaderMs: number;
}

/** The live streams of this process: bounded, woken by notices, and ended with it. */
export class EventStreams implements OnModuleDestroy {
  private readonly streams = new Map<
    LiveStream,
    { tenantId: string; hear: (events: CommittedEvents) => void }
  >();
  private readonly stopListening: () => void;
  private isStopping = false;

  constructor(private readonly options: EventStreamsOptions) {
    this.stopListening = options.notices.subscribe((events) => {
      for (const [stream, { tenantId, hear }] of this.streams)
        if (events === null) stream.wake();
        else if (events.tenantId === tenantId) hear(events);
    });
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
    this.streams.set(stream, { tenantId: follower.tenantId, hear: (events) => hear(stream, events) });
    const beat = setInterval(() => void this.beat(stream, follower), this.options.beatMs);
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
    for (const stream of this.streams.keys()) stream.end('shutting_down');
  }

  private async beat(stream: LiveStream, key: Follower): Promise<void> {
    const holds = await this.options.isKeyInForce(key).catch(() => true); // a database that is away revokes nothing
    if (holds) stream.beat();
    else stream.end('key_revoked');
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
