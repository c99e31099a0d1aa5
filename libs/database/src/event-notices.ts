import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import type { Logger } from '#telemetry';
import type { CommittedEvents, Transactions } from './transactions.js';
import { withSettings } from './url-settings.js';

/** The channel on which processes tell each other that a mission has new events. */
const CHANNEL = 'wavekeeper_events';
/** What happens to a mission within this time is told once. */
const COALESCE_MS = 25;
/** A notification holds at most 8,000 bytes; one entry has about 90. */
const ENTRIES_PER_NOTICE_MAX = 60;
/** Missions that wait to be told of. While the database is away the rest goes untold: those who follow look by themselves. */
const UNTOLD_MAX = 10_000;
const RECONNECT_MS_MIN = 200;
const RECONNECT_MS_MAX = 5_000;
const CONNECT_MS = 5_000;
/** A connection that a network has silently swallowed is noticed by asking. */
const PROBE_MS = 10_000;

/** Hears of new events, of any process; `null` when some may have been missed. */
export type EventListener = (events: CommittedEvents | null) => void;

/**
 * Tells, after each commit, which missions have new events. Not inside the transaction: NOTIFY makes commits wait for
 * one another. May lose any of it. Returns the way to stop.
 */
export function tellOfEvents(transactions: Transactions, logger: Logger): () => void {
  const untold = new Map<string, CommittedEvents>();
  let timer: NodeJS.Timeout | null = null;
  const tell = async (): Promise<void> => {
    const told = [...untold.values()];
    untold.clear();
    await notify(transactions, told).catch((error: unknown) => {
      logger.debug({ err: error }, 'new events were not told of; who follows them will look');
    });
    timer = null;
    if (untold.size > 0) tellSoon();
  };
  const tellSoon = (): void => {
    timer ??= setTimeout(() => void tell(), COALESCE_MS);
  };
  const stopListening = transactions.onEvents((committed) => {
    if (untold.size < UNTOLD_MAX) untold.set(committed.missionId, committed);
    tellSoon();
  });
  return () => {
    stopListening();
    if (timer !== null) clearTimeout(timer);
  };
}

async function notify(transactions: Transactions, told: readonly CommittedEvents[]): Promise<void> {
  const entries = told.map(({ tenantId, missionId, seq }) => [tenantId, missionId, seq]);
  await transactions.inSystemTransaction(async ({ db }) => {
    for (let start = 0; start < entries.length; start += ENTRIES_PER_NOTICE_MAX) {
      const notice = JSON.stringify(entries.slice(start, start + ENTRIES_PER_NOTICE_MAX));
      await db.$executeRaw`SELECT pg_notify(${CHANNEL}, ${notice})`;
    }
  });
}

/** One connection of this process that hears of new events, and comes back when it is lost. */
export class EventNotices {
  private readonly listeners = new Set<EventListener>();
  private readonly stopped = new AbortController();
  private readonly listening: Promise<void>;
  private client: pg.Client | null = null;

  constructor(
    private readonly databaseUrl: string,
    private readonly logger: Logger,
  ) {
    this.listening = this.keepListening();
  }

  /** Returns the way to stop hearing. */
  subscribe(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.stopped.abort();
    await this.client?.end().catch(() => undefined);
    await this.listening;
  }

  private async keepListening(): Promise<void> {
    for (let waitMs = RECONNECT_MS_MIN; !this.stopped.signal.aborted;) {
      const heard = await this.listenUntilLost().catch((error: unknown) => {
        this.logger.warn(
          { err: error },
          'the connection that hears of new events was lost; it is made again',
        );
        return false;
      });
      waitMs = heard ? RECONNECT_MS_MIN : Math.min(waitMs * 2, RECONNECT_MS_MAX);
      await delay(waitMs, undefined, { signal: this.stopped.signal, ref: false }).catch(() => undefined);
    }
  }

  /** Resolves to true when the connection ends that had been made. */
  private async listenUntilLost(): Promise<boolean> {
    const client = new pg.Client({
      connectionString: withSettings(this.databaseUrl, ['role=wavekeeper_app']),
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: CONNECT_MS,
      keepAlive: true,
      application_name: 'wavekeeper_notices',
    });
    const lost = new Promise<void>((resolve) => {
      client.once('end', resolve);
      client.on('error', () => resolve());
    });
    client.on('notification', ({ payload }) => this.hear(payload ?? '[]'));
    this.client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.announce(null); // whatever was told before nobody heard
      while (!(await isOver(lost, PROBE_MS))) await client.query('SELECT 1');
      return true;
    } finally {
      this.client = null;
      await client.end().catch(() => undefined);
    }
  }

  private hear(payload: string): void {
    for (const [tenantId, missionId, seq] of entriesOf(payload)) this.announce({ tenantId, missionId, seq });
  }

  private announce(events: CommittedEvents | null): void {
    for (const listener of this.listeners) listener(events);
  }
}

const ENTRIES = z.array(z.tuple([z.string(), z.string(), z.int()]));

/** Anybody who may connect can notify: what is not ours is nothing. */
function entriesOf(payload: string): z.infer<typeof ENTRIES> {
  try {
    return ENTRIES.parse(JSON.parse(payload));
  } catch {
    return [];
  }
}

async function isOver(end: Promise<void>, waitMs: number): Promise<boolean> {
  const waiting = new AbortController();
  const waited = delay(waitMs, false, { signal: waiting.signal, ref: false }).catch(() => false);
  const over = await Promise.race([end.then(() => true), waited]);
  waiting.abort();
  return over;
}
