import { startSimulator, type Simulator, type SimulatorScript } from '../../apps/simulator/src/index.js';
import { createHandlers } from '../../apps/worker/src/index.js';
import type { Transactions } from '#database';
import type { TicketHandlers } from '#dispatch';
import { ModelGateway, type ModelAnswer, type ModelGatewayOptions, type ModelRequest } from '#model';
import { silentLogger } from '#telemetry';

export type RelayScript = SimulatorScript;

/** Everything that works through a ledger, driven by hand: handlers on the real database, models in the simulator. */
export interface Relay {
  readonly handlers: TicketHandlers;
  readonly simulator: Simulator;
  readonly gateway: ModelGateway;
  /** Lets something happen once, between the next answer of a model and what is made of it. */
  onNextAnswer(happening: () => Promise<unknown>): void;
  /** Stops what is in hand, as a process that is told to end does. */
  shutDown(): void;
  /** Runs waves and attempts until nothing is due; the number of pieces of each. */
  settle(): Promise<{ waves: number; attempts: number }>;
  close(): Promise<void>;
}

/** A mission that never settles must fail its test, not hang it. */
const PIECES_MAX = 2_000;

export async function startRelay(
  transactions: Transactions,
  script: RelayScript = {},
  gatewayOptions: Partial<ModelGatewayOptions> = {},
): Promise<Relay> {
  // A pause that the provider asks for would outlast a test that skips all waiting.
  const simulator = await startSimulator({ script: { retry_after_seconds: 0, ...script } });
  const gateway = new InterruptibleGateway({
    transactions,
    apiKey: 'test',
    baseUrl: simulator.url,
    ...gatewayOptions,
  });
  const shutdown = new AbortController();
  const handlers = createHandlers({
    transactions,
    gateway,
    digestWriter: 'model',
    safeFetch: { post: () => Promise.reject(new Error('no webhooks in this test')) },
    openSecret: () => Promise.resolve(''),
    webhookScheduleSeconds: [0],
    deliverySlots: 1,
    logger: silentLogger,
    shutdown: shutdown.signal,
  });
  return {
    handlers,
    simulator,
    gateway,
    onNextAnswer: (happening) => {
      gateway.happening = happening;
    },
    shutDown: () => {
      shutdown.abort();
    },
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

class InterruptibleGateway extends ModelGateway {
  happening: (() => Promise<unknown>) | null = null;

  override async ask(request: ModelRequest): Promise<ModelAnswer> {
    const answer = await super.ask(request);
    const { happening } = this;
    this.happening = null;
    await happening?.();
    return answer;
  }
}
