import { startSimulator, type SimulatorScript } from '../../apps/simulator/src/index.js';
import { createHandlers } from '../../apps/worker/src/index.js';
import {
  missionInputSchema,
  taskInputSchema,
  type Actor,
  type MissionInput,
  type SubmittedTask,
  type TaskInput,
} from '#contracts';
import type { Transactions } from '#database';
import type { TicketHandlers } from '#dispatch';
import { createMission, submitTasks } from '#ledger';
import { ModelGateway } from '#model';
import { silentLogger, type Logger } from '#telemetry';
import { createTenant } from '#tenancy';

export const A_KEY: Actor = { kind: 'key', id: 'key_test' };

/** Everything that works through a ledger, driven by hand: handlers on the real database, models in the simulator. */
export interface Relay {
  readonly handlers: TicketHandlers;
  readonly simulator: Awaited<ReturnType<typeof startSimulator>>;
  /** Runs waves and attempts until nothing is due; the number of pieces of each. */
  settle(): Promise<{ waves: number; attempts: number }>;
  close(): Promise<void>;
}

/** A mission that never settles must fail its test, not hang it. */
const PIECES_MAX = 2_000;

export async function startRelay(
  transactions: Transactions,
  options: { readonly script?: SimulatorScript; readonly logger?: Logger } = {},
): Promise<Relay> {
  const simulator = await startSimulator(options.script === undefined ? {} : { script: options.script });
  const shutdown = new AbortController();
  const handlers = createHandlers({
    transactions,
    gateway: new ModelGateway({ transactions, apiKey: 'test', baseUrl: simulator.url }),
    safeFetch: { post: () => Promise.reject(new Error('no webhooks in this test')) },
    openSecret: () => '',
    webhookScheduleSeconds: [0],
    logger: options.logger ?? silentLogger,
    shutdown: shutdown.signal,
  });
  return {
    handlers,
    simulator,
    settle: async () => {
      const done = { waves: 0, attempts: 0 };
      for (let piece = 0; piece < PIECES_MAX; piece += 1) {
        if (await handlers.attempt()) done.attempts += 1;
        else if (await handlers.wave()) done.waves += 1;
        else return done;
      }
      throw new Error(`still busy after ${PIECES_MAX} pieces of work`);
    },
    close: async () => {
      shutdown.abort();
      await simulator.close();
    },
  };
}

export async function aTenant(transactions: Transactions, name = 'a tenant'): Promise<string> {
  return transactions.inSystemTransaction(async (system) => {
    const { row } = await createTenant(system, {
      name,
      limits: { requests_per_minute: 0 },
      environment: 'local',
    });
    return row.id;
  });
}

/** A mission whose waves need not be waited for. */
export async function aMission(
  transactions: Transactions,
  tenantId: string,
  input: Partial<MissionInput> = {},
): Promise<string> {
  const mission = missionInputSchema.parse({
    title: 'A mission',
    objective: 'Do what is asked.',
    ...input,
    policy: { debounce_ms: 0, ...input.policy },
  });
  return transactions.inTransaction(tenantId, (tx) => createMission(tx, mission, A_KEY));
}

export async function submit(
  transactions: Transactions,
  place: { readonly tenantId: string; readonly missionId: string },
  tasks: readonly (Partial<TaskInput> & { title: string })[],
): Promise<SubmittedTask[]> {
  const items = tasks.map((task) => ({ task: taskInputSchema.parse(task) }));
  return transactions.inTransaction(place.tenantId, (tx) => submitTasks(tx, place.missionId, items, A_KEY));
}
