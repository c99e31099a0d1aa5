import { ModuleRef, NestFactory } from '@nestjs/core';
import type { Config } from '#config';
import type { Transactions } from '#database';
import type { Logger } from '#telemetry';
import { QueueDoorbell, TicketQueueModule } from './bull-queue.js';
import { Dispatcher } from './dispatcher.js';
import type { Doorbell, TicketHandlers, TicketSlots } from './doorbell.js';
import { PollingDoorbell } from './poll.js';
import { connectQueue } from './queue-connection.js';
import type { CountDueDeliveries } from './sweep.js';

export interface DispatchOptions {
  readonly config: Pick<Config, 'queue' | 'redisUrl' | 'sweepIntervalMs' | 'contextDays'>;
  readonly databaseUrl: string;
  readonly transactions: Transactions;
  readonly logger: Logger;
  /** Null in a process that only rings: nothing is handled and nothing swept in it. */
  readonly handlers: TicketHandlers | null;
  readonly slots: TicketSlots;
  readonly countDueDeliveries: CountDueDeliveries;
}

export interface RunningDispatch {
  readonly dispatcher: Dispatcher;
  /** Takes no more tickets and waits for those in hand. */
  stop(): Promise<void>;
}

/** Connects ledger, queue and handlers, and starts the sweep where tickets are handled. */
export async function startDispatch(options: DispatchOptions): Promise<RunningDispatch> {
  const open = options.config.queue === 'none' ? openPolling(options) : await openQueue(options);
  const dispatcher = new Dispatcher({
    ...options,
    doorbell: open.doorbell,
    sweepIntervalMs: options.config.sweepIntervalMs,
    contextDays: options.config.contextDays,
  });
  if (options.handlers !== null) dispatcher.start();
  return {
    dispatcher,
    stop: async () => {
      await dispatcher.stop();
      await open.close();
    },
  };
}

interface OpenDoorbell {
  readonly doorbell: Doorbell;
  close(): Promise<void>;
}

function openPolling({ handlers, slots, logger }: DispatchOptions): OpenDoorbell {
  if (handlers === null) return { doorbell: SILENT_DOORBELL, close: () => Promise.resolve() };
  const polling = new PollingDoorbell(handlers, slots, logger);
  return { doorbell: polling, close: () => polling.close() };
}

async function openQueue(options: DispatchOptions): Promise<OpenDoorbell> {
  const queue = await connectQueue({ ...options.config, databaseUrl: options.databaseUrl }, options.logger);
  const module = TicketQueueModule.register({ ...options, queue });
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  return {
    doorbell: new QueueDoorbell(app.get(ModuleRef), queue, options.logger),
    close: async () => {
      await app.close(); // closes the workers, which wait for their tickets in hand
      await queue.close();
    },
  };
}

const SILENT_DOORBELL: Doorbell = { ring: () => undefined, ensure: () => Promise.resolve() };
