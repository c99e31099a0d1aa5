import { setTimeout as delay } from 'node:timers/promises';
import { missionSchema } from '#contracts';
import type { Config, QueueBackend } from '#config';
import type { Transactions } from '#database';
import { examineLedger } from '#ledger';
import { silentLogger } from '#telemetry';
import { createTenant } from '#tenancy';
import { ServiceHost, type ServiceProcess } from '../harness/service-process.js';
import { abandon, completionsPerTask } from './abandoned.store.js';

/** `all`: one process that runs everything; else two processes, of which this one is killed. */
export const VICTIMS = ['all', 'worker', 'api'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface KillRun {
  readonly transactions: Transactions;
  /** The owner's login. */
  readonly databaseUrl: string;
  readonly tasks: number;
  readonly kills: number;
  readonly victim: Victim;
  readonly queue: QueueBackend;
  readonly redisUrl?: string;
  readonly say: (progress: string) => void;
}

export interface KillReport {
  readonly victim: Victim;
  readonly queue: QueueBackend;
  readonly kills: number;
  readonly tasks: number;
  /** Tasks in the ledger beyond those that were submitted; below zero when some are missing. */
  readonly tasks_too_many: number;
  /** Requests that had to be sent again, since nobody answered. */
  readonly sent_again: number;
  /** How often a task was completed: the least and the most of all tasks. */
  readonly completions: { readonly least: number; readonly most: number };
  readonly broken_invariants: readonly string[];
  readonly seconds: number;
}

const ROLES: Readonly<Record<Victim, Config['roles']>> = {
  all: ['api', 'worker'],
  worker: ['worker'],
  api: ['api'],
};
const ASK_AGAIN_MS = 50;
const PATIENCE_MS = 120_000;
/** A submission lives about so long; the kills are spread over it. */
const SUBMISSION_MS = 40;
const SPREAD = 7;

/**
 * Tasks arrive in batches, one while each kill -9 hits; the next kill comes when more of the work is done. The client
 * repeats what nobody answered, under the same Idempotency-Key. Leases of what was killed are not waited for.
 */
export async function runWithKills(run: KillRun): Promise<KillReport> {
  const startedAt = performance.now();
  const stand = await KillStand.open(run);
  try {
    const sizes = batches(run.tasks, run.kills + 1);
    await stand.submit(0, sizes[0] ?? 0);
    for (let kill = 1; kill <= run.kills; kill += 1) {
      await stand.moreIsDone();
      const submitted = stand.submit(kill, sizes[kill] ?? 0);
      await delay((kill * SPREAD) % SUBMISSION_MS);
      await stand.kill();
      await submitted;
      run.say(`${run.victim} on ${run.queue}: killed ${kill} of ${run.kills} times`);
    }
    await stand.allIsDone();
  } finally {
    await stand.close();
  }
  return stand.report((performance.now() - startedAt) / 1_000);
}

/** So many tasks in so many batches, as even as can be. */
function batches(tasks: number, count: number): number[] {
  return Array.from(
    { length: count },
    (_, place) => Math.floor((tasks * (place + 1)) / count) - Math.floor((tasks * place) / count),
  );
}

/** The processes of one run, the tenant they work for, and its client. */
class KillStand {
  #sentAgain = 0;
  #completed = 0;
  #missionId = '';

  private constructor(
    private readonly run: KillRun,
    private readonly tenant: { readonly id: string; readonly apiKey: string },
    private readonly hosts: readonly ServiceHost[],
    /** The first is the victim. */
    private readonly processes: ServiceProcess[],
  ) {}

  static async open(run: KillRun): Promise<KillStand> {
    const { row, apiKey } = await run.transactions.inSystemTransaction((system) =>
      createTenant(system, {
        name: 'killed',
        limits: { requests_per_minute: 0 },
        environment: 'local',
      }),
    );
    const roles = run.victim === 'all' ? [ROLES.all] : [ROLES[run.victim], ROLES[otherOf(run.victim)]];
    const environment = {
      WAVEKEEPER_QUEUE: run.queue,
      ...(run.redisUrl === undefined ? {} : { REDIS_URL: run.redisUrl }),
    };
    const hosts = await Promise.all(
      roles.map((one) => ServiceHost.create({ url: run.databaseUrl }, { roles: one, environment })),
    );
    const processes = await Promise.all(hosts.map((host) => host.start()));
    const stand = new KillStand(run, { id: row.id, apiKey }, hosts, processes);
    const mission = await stand.#send('POST', '/v1/missions', {
      title: 'Killed',
      policy: { debounce_ms: 0 },
    });
    stand.#missionId = missionSchema.parse(mission).id;
    return stand;
  }

  async submit(batch: number, size: number): Promise<void> {
    const tasks = Array.from({ length: size }, (_, place) => ({ title: `Task ${batch}.${place}` }));
    if (size > 0) await this.#send('POST', `/v1/missions/${this.#missionId}/tasks`, { tasks });
  }

  async kill(): Promise<void> {
    const [host] = this.hosts;
    const [victim] = this.processes;
    if (host === undefined || victim === undefined) throw new Error('nobody is there to be killed');
    await victim.kill();
    if (this.run.victim !== 'api') await this.run.transactions.inTransaction(this.tenant.id, abandon);
    this.processes[0] = await host.start();
  }

  moreIsDone(): Promise<void> {
    const before = this.#completed;
    return this.#untilCompleted((completed) => completed > before);
  }

  allIsDone(): Promise<void> {
    return this.#untilCompleted((completed) => completed >= this.run.tasks);
  }

  async report(seconds: number): Promise<KillReport> {
    const { transactions, databaseUrl, victim, queue, kills } = this.run;
    const { tasks, least, most } = await transactions.inTransaction(this.tenant.id, completionsPerTask);
    const { findings } = await examineLedger({
      databaseUrl,
      logger: silentLogger,
      onProgress: () => undefined,
    });
    return {
      victim,
      queue,
      kills,
      tasks,
      tasks_too_many: tasks - this.run.tasks,
      sent_again: this.#sentAgain,
      completions: { least, most },
      broken_invariants: findings.filter(({ rows }) => rows > 0).map(({ name }) => name),
      seconds: Number(seconds.toFixed(1)),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop()));
    await Promise.all(this.hosts.map((host) => host.remove()));
  }

  async #untilCompleted(isEnough: (completed: number) => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const mission = missionSchema.parse(await this.#send('GET', `/v1/missions/${this.#missionId}`));
      this.#completed = mission.counts.completed;
      if (isEnough(this.#completed)) return;
      if (performance.now() > deadline)
        throw new Error(`the work stands still: ${JSON.stringify(mission.counts)}`);
      await delay(ASK_AGAIN_MS);
    }
  }

  /** Until somebody answers: the address is that of the process that lives now, the Idempotency-Key stays. */
  async #send(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    const headers = {
      authorization: `Bearer ${this.tenant.apiKey}`,
      'content-type': 'application/json',
      ...(method === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {}),
    };
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const url = this.processes.find((process) => process.url !== '')?.url ?? '';
      const answer = await fetch(`${url}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
        .then(async (response) => ({ ok: response.ok, status: response.status, text: await response.text() }))
        .catch(() => null);
      if (answer?.ok) return JSON.parse(answer.text);
      if (answer !== null && answer.status < 500) throw new Error(`${answer.status}: ${answer.text}`);
      if (method === 'POST') this.#sentAgain += 1;
      await delay(ASK_AGAIN_MS);
    }
    throw new Error(`nobody answered ${method} ${path}`);
  }
}

function otherOf(victim: 'worker' | 'api'): 'worker' | 'api' {
  return victim === 'api' ? 'worker' : 'api';
}
