import { setTimeout as pause } from 'node:timers/promises';
import { RunWave } from '#conductor';
import { missionInputSchema, taskInputSchema, type Actor } from '#contracts';
import type { Transactions } from '#database';
import { pickDueMission } from '#dispatch';
import { createMission, listEvents, submitTasks } from '#ledger';
import { ModelGateway } from '#model';
import { silentLogger } from '#telemetry';
import { createTenant } from '#tenancy';
import { startSimulator } from '../../apps/simulator/src/index.js';
import type { Run } from '../harness/benchmark.js';
import { atLeast, atMost, type Outcome } from '../harness/outcome.js';
import { pickFirstCome } from './first-come.store.js';

const CLIENT: Actor = { kind: 'key', id: 'key_bench' };
const SLOTS = 8;
const LATENCY_MS = 200;
const QUIET_TENANTS = 10;
/** Together they ask for a quarter of what the slots get done: had they more, they would wait for each other when alone. */
const QUIET_EVERY_MS = 2_000;
const NOISY_MISSIONS = 5_000;
const PHASE_MS = 30_000;
const IDLE_MS = 5;
const EVENTS_MAX = 2_000;
const WAIT_RATIO_MAX = 2;
const THROUGHPUT_SHARE_MIN = 0.8;

interface Place {
  readonly tenantId: string;
  readonly missionId: string;
}

interface Phase {
  readonly waves_per_second: number;
  readonly quiet_waits: number;
  readonly quiet_p50_ms: number;
  readonly quiet_p95_ms: number;
}

/**
 * One tenant with thousands of due missions beside ten that have one now and then: how long the ten wait for a wave when
 * they are alone, beside the noisy one, and beside it in first-come order; and what each order gets done.
 */
export async function benchFairness({ transactions, size, say }: Run): Promise<Outcome> {
  const noisy = await aTenant(transactions);
  const quiet: Place[] = [];
  for (let made = 0; made < QUIET_TENANTS; made += 1)
    quiet.push(await aMission(transactions, await aTenant(transactions)));
  const phase = (pick: typeof pickDueMission, name: string): Promise<Phase> => {
    say(name);
    return runPhase(transactions, quiet, pick);
  };
  const alone = await phase(pickDueMission, 'the quiet ones alone');
  await fill(transactions, noisy, size ?? NOISY_MISSIONS, say);
  const fair = await phase(pickDueMission, 'beside the noisy one, fairly');
  const firstCome = await phase(pickFirstCome, 'beside the noisy one, first come');
  const share = rounded(fair.waves_per_second / firstCome.waves_per_second);
  const ratio = rounded(fair.quiet_p95_ms / alone.quiet_p95_ms);
  const row = (name: string, { waves_per_second, quiet_waits, quiet_p50_ms, quiet_p95_ms }: Phase) => [
    ...[name, waves_per_second, quiet_waits, quiet_p50_ms, quiet_p95_ms],
  ];
  return {
    report: { slots: SLOTS, latency_ms: LATENCY_MS, alone, fair, first_come: firstCome },
    tables: [
      {
        title: `${SLOTS} slots, ${LATENCY_MS} ms a request, one tenant with ${size ?? NOISY_MISSIONS} due missions`,
        rows: [
          ['order', 'waves/s', 'quiet waves', 'wait p50 ms', 'wait p95 ms'],
          row('quiet alone', alone),
          row('fair', fair),
          row('first come', firstCome),
        ],
      },
    ],
    checks: [
      atMost('quiet tenants’ p95 from task to committed wave, times that of alone', ratio, WAIT_RATIO_MAX),
      atLeast('waves a second, as a share of first-come order', share, THROUGHPUT_SHARE_MIN),
    ],
  };
}

async function runPhase(
  transactions: Transactions,
  quiet: readonly Place[],
  pick: typeof pickDueMission,
): Promise<Phase> {
  const simulator = await startSimulator({ script: { latency_ms: LATENCY_MS } });
  const stop = new AbortController();
  const gateway = new ModelGateway({ transactions, apiKey: 'bench', baseUrl: simulator.url });
  const waves = new RunWave({
    ...{ transactions, gateway, pick, logger: silentLogger },
    shutdown: new AbortController().signal,
  });
  const before = await Promise.all(quiet.map((place) => lastSeq(transactions, place)));
  let done = 0;
  const slot = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      if (await waves.run()) done += 1;
      else await pause(IDLE_MS);
    }
  };
  const client = async (place: Place): Promise<void> => {
    while (!stop.signal.aborted) {
      await submit(transactions, place);
      await pause(QUIET_EVERY_MS);
    }
  };
  const running = Promise.all([...Array.from({ length: SLOTS }, slot), ...quiet.map(client)]);
  await pause(PHASE_MS);
  stop.abort();
  await running;
  await simulator.close();
  const waits = await Promise.all(
    quiet.map((place, index) => waitsOf(transactions, place, before[index] ?? 0)),
  );
  const sorted = waits.flat().toSorted((a, b) => a - b);
  return {
    waves_per_second: rounded(done / (PHASE_MS / 1_000)),
    quiet_waits: sorted.length,
    quiet_p50_ms: at(sorted, 0.5),
    quiet_p95_ms: at(sorted, 0.95),
  };
}

/** From each task to the end of the first wave that could see it; until now, where there was none. */
async function waitsOf(transactions: Transactions, place: Place, afterSeq: number): Promise<number[]> {
  const { events, now } = await transactions.inTransaction(place.tenantId, async (tx) => ({
    events: await listEvents(tx, place.missionId, { afterSeq, take: EVENTS_MAX }),
    now: tx.now,
  }));
  return events.flatMap((event, index) => {
    if (event.type !== 'task.created') return [];
    const started = events.findIndex(({ type }, place) => place > index && type === 'wave.started');
    const ended = events.find(
      ({ type }, place) => started >= 0 && place > started && type === 'wave.committed',
    );
    return [(ended?.createdAt ?? now).getTime() - event.createdAt.getTime()];
  });
}

async function lastSeq(transactions: Transactions, { tenantId, missionId }: Place): Promise<number> {
  const events = await transactions.inTransaction(tenantId, (tx) =>
    listEvents(tx, missionId, { afterSeq: 0, take: EVENTS_MAX }),
  );
  return events.at(-1)?.seq ?? 0;
}

async function fill(
  transactions: Transactions,
  tenantId: string,
  count: number,
  say: (line: string) => void,
): Promise<void> {
  let made = 0;
  const maker = async (): Promise<void> => {
    while (made < count) {
      made += 1;
      if (made % 100 === 0) say(`${made} of ${count} missions of the noisy tenant`);
      await submit(transactions, await aMission(transactions, tenantId));
    }
  };
  await Promise.all(Array.from({ length: SLOTS / 2 }, maker));
}

/** Neither limit of a tenant is in the way: what is measured is the order alone. */
async function aTenant(transactions: Transactions): Promise<string> {
  const limits = { requests_per_minute: 0, concurrent_waves: 0, concurrent_attempts: 0 };
  const { row } = await transactions.inSystemTransaction((system) =>
    createTenant(system, { name: 'bench', limits, environment: 'local' }),
  );
  return row.id;
}

async function aMission(transactions: Transactions, tenantId: string): Promise<Place> {
  const mission = missionInputSchema.parse({
    title: 'A mission',
    policy: { debounce_ms: 0, workers: ['nobody'] },
  });
  const missionId = await transactions.inTransaction(tenantId, (tx) => createMission(tx, mission, CLIENT));
  return { tenantId, missionId };
}

async function submit(transactions: Transactions, { tenantId, missionId }: Place): Promise<void> {
  const task = taskInputSchema.parse({ title: 'Something to do' });
  await transactions.inTransaction(tenantId, (tx) => submitTasks(tx, missionId, [{ task }], CLIENT));
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
