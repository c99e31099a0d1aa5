import { startSimulator, type Simulator } from '../../apps/simulator/src/index.js';
import { RunWave } from '#conductor';
import {
  missionInputSchema,
  taskInputSchema,
  type Actor,
  type Brief,
  type MissionInput,
  type ResultInput,
  type TaskInput,
} from '#contracts';
import type { Transactions, Tx } from '#database';
import { completeAttempt, createMission, leaseAttempts, submitTasks, type LeasedAttempt } from '#ledger';
import { ModelGateway, type MessagesBody, type ModelAnswer, type ModelRequest } from '#model';
import { silentLogger } from '#telemetry';
import { createTenant } from '#tenancy';

const CLIENT: Actor = { kind: 'key', id: 'key_bench' };
const WORKER: Actor = { kind: 'worker', id: 'bench' };
const POOL = 'bench';
const LEASE_SECONDS = 3_600;
const CLAIMS_MAX = 20;
const SUMMARY_CHARACTERS_MAX = 300;
/** A mission that never rests must end the benchmark, not hang it. */
const WAVES_IN_A_ROW_MAX = 1_000;

export type ArrivingTask = Partial<TaskInput> & {
  readonly title: string;
  readonly metadata: { outcome: string };
};

/** What the model answered to a conductor's request. */
export interface AskedRequest {
  readonly body: MessagesBody;
  readonly answer: ModelAnswer;
}

/** Hears every answer before the wave does, and may change it. */
export type OnAnswer = (asked: AskedRequest) => ModelAnswer | Promise<ModelAnswer>;

/**
 * A mission of a fresh tenant on the real ledger. Its waves are the product's own, its model is the bundled simulator
 * without latency; its clients and workers are the benchmark: a worker hands in what a task's `metadata.outcome` says.
 */
export class BenchMission {
  private held: LeasedAttempt[] = [];

  private constructor(
    private readonly transactions: Transactions,
    private readonly simulator: Simulator,
    private readonly waves: RunWave,
    readonly tenantId: string,
    readonly missionId: string,
  ) {}

  static async begin(
    transactions: Transactions,
    input: Partial<MissionInput>,
    onAnswer: OnAnswer = ({ answer }) => answer,
  ): Promise<BenchMission> {
    const simulator = await startSimulator({ clock: () => 0 });
    const gateway = new OverheardGateway(transactions, simulator.url, onAnswer);
    const waves = new RunWave({
      transactions,
      gateway,
      logger: silentLogger,
      shutdown: new AbortController().signal,
    });
    const limits = { requests_per_minute: 0, concurrent_waves: 0, concurrent_attempts: 0 };
    const { row } = await transactions.inSystemTransaction((system) =>
      createTenant(system, { name: 'bench', limits, environment: 'local' }),
    );
    const missionId = await transactions.inTransaction(row.id, (tx) =>
      createMission(tx, missionOf(input), CLIENT),
    );
    return new BenchMission(transactions, simulator, waves, row.id, missionId);
  }

  /** Another mission of the same tenant, on the same simulator. */
  async another(input: Partial<MissionInput> = {}): Promise<BenchMission> {
    const missionId = await this.run((tx) => createMission(tx, missionOf(input), CLIENT));
    return new BenchMission(this.transactions, this.simulator, this.waves, this.tenantId, missionId);
  }

  /** One transaction of the mission's tenant. */
  run<Result>(command: (tx: Tx) => Promise<Result>): Promise<Result> {
    return this.transactions.inTransaction(this.tenantId, command);
  }

  /** Submits each task by a request of its own, as they would arrive. */
  async arrive(tasks: readonly ArrivingTask[]): Promise<void> {
    for (const task of tasks)
      await this.run((tx) =>
        submitTasks(tx, this.missionId, [{ task: taskInputSchema.parse(task) }], CLIENT),
      );
  }

  /** Runs waves until none is due; how many there were. */
  async conduct(): Promise<number> {
    for (let waves = 0; waves < WAVES_IN_A_ROW_MAX; waves += 1) if (!(await this.waves.run())) return waves;
    throw new Error(`the mission did not come to rest within ${WAVES_IN_A_ROW_MAX} waves`);
  }

  /** Takes all that is offered and hands in what is due of all it holds; how many tasks that were. */
  async work(isDue: (brief: Brief) => boolean = () => true): Promise<number> {
    await this.claimAll();
    const due = this.held.filter(({ brief }) => isDue(brief));
    this.held = this.held.filter((attempt) => !due.includes(attempt));
    for (const { attemptId, leaseToken, brief } of due)
      await this.run((tx) => completeAttempt(tx, attemptId, { leaseToken, result: resultOf(brief) }, WORKER));
    return due.length;
  }

  private async claimAll(): Promise<void> {
    const request = { pool: POOL, attemptsMax: CLAIMS_MAX, leaseSeconds: LEASE_SECONDS, worker: 'bench' };
    for (;;) {
      const leased = await this.run((tx) => leaseAttempts(tx, this.missionId, request));
      this.held.push(...leased);
      if (leased.length < CLAIMS_MAX) return;
    }
  }

  async end(): Promise<void> {
    await this.simulator.close();
  }
}

function missionOf(input: Partial<MissionInput>): MissionInput {
  return missionInputSchema.parse({
    title: 'A long mission',
    objective: 'Do what arrives.',
    ...input,
    policy: { debounce_ms: 0, workers: [POOL], ...input.policy },
  });
}

/** As the built-in worker hands in what it has written: the first sentence says it, the rest is the output. */
function resultOf({ outcome }: Brief): ResultInput {
  const text = typeof outcome === 'string' ? outcome : '';
  const end = text.search(/[.!?\n](?=\s|$)/) + 1;
  const summary = text.slice(0, Math.min(end === 0 ? text.length : end, SUMMARY_CHARACTERS_MAX));
  const rest = text.slice(summary.length).trim();
  return { summary, output: rest === '' ? null : rest, artifacts: [] };
}

class OverheardGateway extends ModelGateway {
  constructor(
    transactions: Transactions,
    baseUrl: string,
    private readonly onAnswer: OnAnswer,
  ) {
    super({ transactions, apiKey: 'bench', baseUrl });
  }

  override async ask(request: ModelRequest): Promise<ModelAnswer> {
    return this.onAnswer({ body: request.body, answer: await super.ask(request) });
  }
}
