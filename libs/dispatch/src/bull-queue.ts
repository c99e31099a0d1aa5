import { BullModule, getQueueToken, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { Queue } from 'bullmq';
import { TICKETS, type Ticket } from '#contracts';
import type { Logger } from '#telemetry';
import { RING_LATE_MS, type Doorbell, type TicketHandlers, type TicketSlots } from './doorbell.js';
import type { QueueConnection } from './queue-connection.js';

const HANDLERS = Symbol('TicketHandlers');
const LOGGER = Symbol('Logger');

/** Tickets carry nothing, are tried once and leave no trace: the ledger remembers. */
const JOB_OPTIONS = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const;

/**
 * A crashed worker's ticket is taken up soon and as often as it takes: that a piece of work is hopeless is for the
 * ledger to say, not for the queue.
 */
const WORKER_OPTIONS = {
  lockDuration: 30_000,
  stalledInterval: 5_000,
  maxStalledCount: 1_000,
  runRetryDelay: 500,
};

function queueName(ticket: Ticket): string {
  return `wavekeeper-${ticket}`;
}

/** The processor of one ticket's queue. It rings again after work was found, so that a full house keeps its pace. */
function processorOf(ticket: Ticket, concurrency: number): Type<WorkerHost> {
  @Processor(queueName(ticket), { ...WORKER_OPTIONS, concurrency })
  class TicketProcessor extends WorkerHost {
    constructor(
      @Inject(HANDLERS) private readonly handlers: TicketHandlers,
      @Inject(LOGGER) private readonly logger: Logger,
      @Inject(getQueueToken(queueName(ticket))) private readonly queue: Queue,
    ) {
      super();
    }

    override async process(): Promise<void> {
      const found = await this.handlers[ticket]().catch((error: unknown) => {
        this.logger.error({ err: error, ticket }, 'a ticket failed');
        return false;
      });
      // Not waited for: a queue that is closing would never answer, and the sweep rings too.
      if (found) void this.queue.add(ticket, {}, JOB_OPTIONS).catch(() => undefined);
    }

    @OnWorkerEvent('error')
    onError(error: Error): void {
      this.logger.warn({ err: error, ticket }, 'the queue is disturbed; the sweep goes on');
    }
  }
  Object.defineProperty(TicketProcessor, 'name', { value: `${ticket}TicketProcessor` });
  return TicketProcessor;
}

/** The queues, and the workers on them when this process handles tickets. */
@Module({})
export class TicketQueueModule {
  static register(options: {
    readonly queue: QueueConnection;
    readonly logger: Logger;
    readonly handlers: TicketHandlers | null;
    readonly slots: TicketSlots;
  }): DynamicModule {
    const { handlers, slots } = options;
    const processors: Provider[] =
      handlers === null ? [] : TICKETS.map((ticket) => processorOf(ticket, slots[ticket]));
    return {
      module: TicketQueueModule,
      imports: [
        BullModule.forRoot({ connection: options.queue.worker }),
        ...TICKETS.map((ticket) =>
          BullModule.registerQueue({ name: queueName(ticket), connection: options.queue.producer }),
        ),
      ],
      providers: [
        { provide: LOGGER, useValue: options.logger },
        { provide: HANDLERS, useValue: handlers ?? {} },
        ...processors,
      ],
    };
  }
}

/** Rings that wait for a store which is away; beyond them rings are lost, and the sweep makes up for it. */
const RINGS_PENDING_MAX = 1_000;

/** Rings by adding a ticket to its queue. A ring that fails is logged and forgotten; nobody waits for one. */
export class QueueDoorbell implements Doorbell {
  private readonly queues: ReadonlyMap<Ticket, Queue>;
  private pending = 0;

  constructor(
    moduleRef: ModuleRef,
    private readonly connection: Pick<QueueConnection, 'ensure'>,
    private readonly logger: Logger,
  ) {
    const open = (ticket: Ticket): [Ticket, Queue] => [
      ticket,
      moduleRef.get<Queue>(getQueueToken(queueName(ticket)), { strict: false }),
    ];
    this.queues = new Map(TICKETS.map(open));
    for (const queue of this.queues.values())
      queue.on('error', (error) => {
        logger.warn({ err: error }, 'the queue is disturbed; the sweep goes on');
      });
  }

  ring(ticket: Ticket, delayMs: number): void {
    if (this.pending >= RINGS_PENDING_MAX) return;
    this.pending += 1;
    const delay = delayMs === 0 ? 0 : delayMs + RING_LATE_MS;
    this.queues
      .get(ticket)
      ?.add(ticket, {}, { ...JOB_OPTIONS, delay })
      .catch((error: unknown) => {
        this.logger.warn({ err: error, ticket }, 'a ring was lost; the sweep makes up for it');
      })
      .finally(() => {
        this.pending -= 1;
      });
  }

  ensure(): Promise<void> {
    return this.connection.ensure();
  }
}
