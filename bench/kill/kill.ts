import type { Run } from '../harness/benchmark.js';
import { exactly, type Outcome } from '../harness/outcome.js';
import { runWithKills, VICTIMS, type KillReport } from './kill-run.js';

const TASKS = 200;
const KILLS = 10;

/** The work goes on through kill -9 of each part of the service, and is done once. */
export async function benchKill({ transactions, databaseUrl, size, say }: Run): Promise<Outcome> {
  const runs: KillReport[] = [];
  for (const victim of VICTIMS)
    runs.push(
      await runWithKills({
        transactions,
        databaseUrl,
        tasks: size ?? TASKS,
        kills: KILLS,
        victim,
        queue: 'postgres',
        say,
      }),
    );
  return {
    report: { runs },
    tables: [
      {
        title: 'kill -9 while tasks arrive and are worked on',
        rows: [
          ['victim', 'kills', 'tasks', 'sent again', 'seconds'],
          ...runs.map((run) => [run.victim, run.kills, run.tasks, run.sent_again, run.seconds]),
        ],
      },
    ],
    checks: runs.flatMap((run) => [
      exactly(`${run.victim}: tasks beyond those submitted`, run.tasks_too_many, 0),
      exactly(`${run.victim}: completions of the task with the fewest`, run.completions.least, 1),
      exactly(`${run.victim}: completions of the task with the most`, run.completions.most, 1),
      exactly(`${run.victim}: invariants broken`, run.broken_invariants.length, 0),
    ]),
  };
}
