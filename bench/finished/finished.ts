import { buildContext } from '#context';
import type { Transactions } from '#database';
import { openWave, rebuildDigests } from '#ledger';
import { insertFinished } from '../harness/finished-tasks.store.js';
import { median } from '../harness/tally.js';

export interface FinishedBench {
  readonly transactions: Transactions;
  readonly tenantId: string;
  /** A fresh mission of the tenant, with something in it that makes a wave due. */
  readonly newMission: () => Promise<string>;
  readonly smallTasks: number;
  readonly largeTasks: number;
  readonly runs: number;
}

/** What a wave costs before its first request, in a mission with so many finished tasks. */
interface Measured {
  readonly finished_tasks: number;
  readonly live_nodes: number;
  readonly context_tokens: number;
  readonly finished_work_tokens: number;
  /** Median of opening a wave, reading its snapshot and building its request. */
  readonly snapshot_and_build_ms: number;
  readonly rebuild_ms: number;
}

export interface FinishedReport {
  readonly small: Measured;
  readonly large: Measured;
  /** Of the large mission to the small one. */
  readonly tokens_ratio: number;
  readonly time_ratio: number;
}

/** Compares the context of a mission with many finished tasks to that of one with few: neither may grow with them. */
export async function benchFinished(bench: FinishedBench): Promise<FinishedReport> {
  const missions = {
    small: await missionWith(bench, bench.smallTasks),
    large: await missionWith(bench, bench.largeTasks),
  };
  const times = { small: [] as number[], large: [] as number[] };
  // In turns, so that what slows the machine down slows both.
  for (let run = 0; run <= bench.runs; run += 1)
    for (const size of ['small', 'large'] as const) {
      const { ms } = await openAndBuild(bench, missions[size].id);
      if (run > 0) times[size].push(ms);
    }
  const measured = async (size: 'small' | 'large'): Promise<Measured> => ({
    ...(await openAndBuild(bench, missions[size].id)).sizes,
    finished_tasks: missions[size].tasks,
    snapshot_and_build_ms: median(times[size]),
    rebuild_ms: missions[size].rebuildMs,
  });
  const [small, large] = [await measured('small'), await measured('large')];
  return {
    small,
    large,
    tokens_ratio: large.context_tokens / small.context_tokens,
    time_ratio: large.snapshot_and_build_ms / small.snapshot_and_build_ms,
  };
}

async function missionWith({ transactions, tenantId, newMission }: FinishedBench, tasks: number) {
  const id = await newMission();
  await transactions.inTransaction(tenantId, (tx) => insertFinished(tx, id, tasks));
  const started = performance.now();
  await transactions.inTransaction(tenantId, (tx) => rebuildDigests(tx, id));
  return { id, tasks, rebuildMs: Math.round(performance.now() - started) };
}

/** Undoes the wave that was opened only to be measured. */
class Undo extends Error {}

async function openAndBuild({ transactions, tenantId }: FinishedBench, missionId: string) {
  let ms = 0;
  let sizes = { live_nodes: 0, context_tokens: 0, finished_work_tokens: 0 };
  const undone = transactions.inTransaction(tenantId, async (tx) => {
    const started = performance.now();
    const wave = await openWave(tx, missionId);
    if (wave === null) throw new Error('the mission is not due');
    const { snapshot, policy } = wave;
    const pack = buildContext({ snapshot, policy, targetTokens: policy.context_target_tokens });
    ms = performance.now() - started;
    if (pack.kind !== 'packed') throw new Error('the mission is overcommitted');
    const finished = pack.sections.find(({ name }) => name === 'Z4');
    sizes = {
      live_nodes: snapshot.finished.length,
      context_tokens: pack.totalTokens,
      finished_work_tokens: finished?.tokens ?? 0,
    };
    throw new Undo();
  });
  await undone.catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error;
  });
  return { ms, sizes };
}
