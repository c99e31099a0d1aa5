import { PrismaPg } from '@prisma/adapter-pg';
import type { Ticket } from '#contracts';
import { crashPoint, type Logger } from '#telemetry';
import { createPool, type DatabaseRole } from './pools.js';
import { Prisma, PrismaClient } from './generated/client.js';

/** A transaction waits this long for a connection, and may take this long in all. */
const CONNECTION_WAIT_MS = 10_000;
const TRANSACTION_MS = 30_000;
/** Two commands that lock the same rows in another order are told apart by Postgres; the loser starts again. */
const DEADLOCK_RETRIES_MAX = 3;
const APP_CONNECTIONS_MAX = 16;
const SYSTEM_CONNECTIONS_MAX = 6;

/** What to ring for after a commit: work of this kind is due, now or in a while. */
export interface Ring {
  readonly ticket: Ticket;
  readonly delayMs: number;
}

/** A mission has events up to `seq`, for whoever follows it. */
export interface CommittedEvents {
  readonly tenantId: string;
  readonly missionId: string;
  readonly seq: number;
}

/** What a transaction asked to be said once it has committed. */
interface AfterCommit {
  readonly rings: Ring[];
  readonly events: CommittedEvents[];
}

/** One open transaction of one tenant: row-level security shows it that tenant's rows and no other. */
export interface Tx {
  readonly tenantId: string;
  readonly db: Prisma.TransactionClient;
  /** The database's clock when the transaction began, or when `readClock` was last called. */
  readonly now: Date;
  /** Reads the clock again: after waiting for a lock the transaction's beginning is long ago. */
  readClock(): Promise<Date>;
  /** Asks for a ring of the doorbell once this transaction has committed; dropped when it rolls back. */
  ring(ticket: Ticket, delayMs?: number): void;
  /** Lets those who follow a mission know of its events once this transaction has committed. */
  tellOfEvents(missionId: string, seq: number): void;
}

/** One open transaction that sees all tenants, for pickers, sweeps, sign-in and the operator. */
export interface SystemTx {
  readonly db: Prisma.TransactionClient;
  /** Narrows the rest of this transaction to one tenant, with that tenant's rights and no more. */
  become(tenantId: string): Promise<Tx>;
}

/** The only door to the database. */
export class Transactions {
  private readonly app: PrismaClient;
  private readonly system: PrismaClient;
  private readonly listeners = new Set<(rings: readonly Ring[]) => void>();
  private readonly followers = new Set<(events: CommittedEvents) => void>();

  constructor(databaseUrl: string, logger: Logger) {
    this.app = connect(databaseUrl, 'wavekeeper_app', APP_CONNECTIONS_MAX, logger);
    this.system = connect(databaseUrl, 'wavekeeper_system', SYSTEM_CONNECTIONS_MAX, logger);
  }

  /** Runs `work` as one transaction of one tenant; what it throws rolls everything back. */
  async inTransaction<Result>(tenantId: string, work: (tx: Tx) => Promise<Result>): Promise<Result> {
    return this.run(this.app, async (db, after) => work(await openTx(db, tenantId, after)));
  }

  /** Runs `work` as one transaction across tenants. */
  async inSystemTransaction<Result>(work: (system: SystemTx) => Promise<Result>): Promise<Result> {
    return this.run(this.system, (db, after) =>
      work({
        db,
        become: async (tenantId) => {
          await db.$executeRaw`SELECT set_config('role', 'wavekeeper_app', true)`;
          return openTx(db, tenantId, after);
        },
      }),
    );
  }

  /** Hears, after each commit that asked for it, what to ring for. Returns the way to stop hearing. */
  onCommit(listener: (rings: readonly Ring[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Hears, after each commit, which missions have new events. Returns the way to stop hearing. */
  onEvents(follower: (events: CommittedEvents) => void): () => void {
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }

  async close(): Promise<void> {
    await Promise.all([this.app.$disconnect(), this.system.$disconnect()]);
  }

  private async run<Result>(
    client: PrismaClient,
    work: (db: Prisma.TransactionClient, after: AfterCommit) => Promise<Result>,
  ): Promise<Result> {
    for (let retries = 0; ; retries += 1) {
      const after: AfterCommit = { rings: [], events: [] };
      try {
        const result = await client.$transaction((db) => work(db, after), {
          maxWait: CONNECTION_WAIT_MS,
          timeout: TRANSACTION_MS,
        });
        this.sayAfterCommit(after);
        return result;
      } catch (error) {
        if (retries >= DEADLOCK_RETRIES_MAX || !isDeadlock(error)) throw error;
      }
    }
  }

  private sayAfterCommit({ rings, events }: AfterCommit): void {
    if (rings.length > 0) {
      crashPoint('commit.before_ring');
      for (const listener of this.listeners) listener(rings);
    }
    for (const committed of events) for (const follower of this.followers) follower(committed);
  }
}

function connect(
  databaseUrl: string,
  role: DatabaseRole,
  connectionsMax: number,
  logger: Logger,
): PrismaClient {
  const pool = createPool({ databaseUrl, role, connectionsMax, logger });
  return new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: true }) });
}

async function openTx(db: Prisma.TransactionClient, tenantId: string, after: AfterCommit): Promise<Tx> {
  const [row] = await db.$queryRaw<{ now: Date }[]>`
    SELECT set_config('app.tenant_id', ${tenantId}, true), clock_timestamp() AS now`;
  if (row === undefined) throw new Error('the database returned no clock');
  const tx = {
    tenantId,
    db,
    now: row.now,
    readClock: async () => {
      const [clock] = await db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
      if (clock !== undefined) tx.now = clock.now;
      return tx.now;
    },
    ring: (ticket: Ticket, delayMs = 0) => void after.rings.push({ ticket, delayMs }),
    tellOfEvents: (missionId: string, seq: number) => void after.events.push({ tenantId, missionId, seq }),
  };
  return tx;
}

/** Prisma's P2034 is a write conflict or a deadlock; raw statements carry Postgres' own 40P01 or 40001. */
function isDeadlock(error: unknown): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  return error.code === 'P2034' || /\b(40P01|40001)\b/.test(error.message);
}
