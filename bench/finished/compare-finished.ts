import type { Run } from '../harness/benchmark.js';
import { BenchMission } from '../harness/bench-mission.js';
import { atMost, type Outcome } from '../harness/outcome.js';
import { rounded } from '../harness/tally.js';
import { benchFinished, type FinishedReport } from './finished.js';

const FEW_TASKS = 250;
const MANY_TASKS = 20_000;
const RUNS = 15;
/** A context of many finished tasks beside one of few. */
const TOKENS_RATIO_MAX = 1.15;
const TIME_RATIO_MAX = 1.5;

/** The benchmark of finished work: two missions on one ledger, nothing of which is sent to a model. */
export async function benchFinishedWork({ transactions, size, say }: Run): Promise<Outcome> {
  const first = await BenchMission.begin(transactions, { title: 'Finished work' });
  say('finished: filling two missions');
  try {
    const report = await benchFinished({
      transactions,
      tenantId: first.tenantId,
      newMission: async () => {
        const mission = await first.another();
        await mission.arrive([{ title: 'An open task', metadata: { outcome: '' } }]);
        return mission.missionId;
      },
      smallTasks: FEW_TASKS,
      largeTasks: size ?? MANY_TASKS,
      runs: RUNS,
    });
    return outcomeOf(report);
  } finally {
    await first.end();
  }
}

function outcomeOf(report: FinishedReport): Outcome {
  const { small, large } = report;
  return {
    report,
    tables: [
      {
        title: 'A wave before its first request',
        rows: [
          [
            'finished tasks',
            'live nodes',
            'context tokens',
            'of them Z4',
            'snapshot and build, ms',
            'rebuild, ms',
          ],
          ...[small, large].map((one) => [
            String(one.finished_tasks),
            one.live_nodes,
            one.context_tokens,
            one.finished_work_tokens,
            rounded(one.snapshot_and_build_ms, 1),
            one.rebuild_ms,
          ]),
        ],
      },
    ],
    checks: [
      atMost('context of many to that of few', rounded(report.tokens_ratio, 3), TOKENS_RATIO_MAX),
      atMost('time of many to that of few', rounded(report.time_ratio), TIME_RATIO_MAX),
    ],
  };
}
