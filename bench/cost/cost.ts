import { canonicalJson } from '#context';
import type { Transactions } from '#database';
import type { ArrivingTask } from '../harness/bench-mission.js';
import type { Run } from '../harness/benchmark.js';
import { atMost, exactly, type Outcome, type Table } from '../harness/outcome.js';
import { play, type Rhythm } from '../harness/play.js';
import { phraseOf, proseOf } from '../harness/prose.js';
import { between, seededRandom } from '../harness/random.js';
import { SectionAccount } from '../harness/sections.js';
import { cachedShare, cacheWeighted, dollars, rounded, type Tally } from '../harness/tally.js';
import { byWeather, WEATHER_ASSUMPTIONS, WEATHERS } from '../harness/weather.js';

const SEED = 2_227;
const TITLE_WORDS = 7;
const TASK_TOKENS = 120;
const RESULT_TOKENS_MIN = 150;
const RESULT_TOKENS_MAX = 1_000;
const MODEL = 'claude-sonnet-5-5';

const RHYTHMS = {
  bursts_of_8: { burst: 8, results: 'before_next_burst' },
  bursts_of_8_overlapping: { burst: 8, results: 'with_next_burst' },
  one_by_one: { burst: 1, results: 'before_next_burst' },
} as const satisfies Record<string, Rhythm>;

type RhythmName = keyof typeof RHYTHMS;
const RHYTHM_NAMES = Object.keys(RHYTHMS) as RhythmName[];

const ASSUMPTIONS = [
  `tasks of about ${TASK_TOKENS} tokens, results of ${RESULT_TOKENS_MIN} to ${RESULT_TOKENS_MAX}, in words of one seed`,
  'tokens per task: uncached + 1.25 × written to the cache + 0.1 × read from it, conductor only',
  'bursts_of_8: eight tasks arrive, a wave dispatches them, eight results arrive, a wave judges them',
  'bursts_of_8_overlapping: eight results arrive together with the next eight tasks, one wave for both',
  'one_by_one: a wave for every task and a wave for every result',
  ...WEATHER_ASSUMPTIONS,
];

/** One by one takes eight times the waves of bursts and costs the same for each task: a part of them tells it. */
const TASKS: Readonly<Record<RhythmName, number>> = {
  bursts_of_8: 2_227,
  bursts_of_8_overlapping: 800,
  one_by_one: 200,
};

/** The goal of bursts of eight, warm: cache-weighted input tokens per task. */
const TOKENS_PER_TASK_MAX = 2_000;
const CONTEXT_BUDGET_TOKENS = 24_000;

export async function benchCost({ transactions, size, say }: Run): Promise<Outcome> {
  const runs = [];
  for (const name of RHYTHM_NAMES)
    runs.push(await measureRhythm(transactions, { name, tasks: size ?? TASKS[name], say }));
  return {
    report: { seed: SEED, model: MODEL, assumptions: ASSUMPTIONS, runs },
    tables: [costTable(runs), ...runs.map(sectionTable)],
    checks: runs.flatMap((run) => [
      exactly(`${run.rhythm}: tasks completed`, run.tasks_completed, run.tasks),
      atMost(`${run.rhythm}: largest request`, run.largest_request, CONTEXT_BUDGET_TOKENS),
      exactly(`${run.rhythm}: distinct beginnings (Z0 to Z3) of all requests`, run.distinct_prefixes, 1),
      ...(RHYTHMS[run.rhythm].burst === 1
        ? []
        : [
            atMost(
              `${run.rhythm}: cache-weighted tokens per task`,
              run.by_weather.always_warm.tokens_per_task,
              TOKENS_PER_TASK_MAX,
            ),
          ]),
    ]),
  };
}

type RhythmRun = Awaited<ReturnType<typeof measureRhythm>>;

async function measureRhythm(
  transactions: Transactions,
  { name, tasks, say }: { name: RhythmName; tasks: number; say: (line: string) => void },
) {
  const account = new SectionAccount();
  const prefixes = new Set<string>();
  const played = await play({
    transactions,
    mission: { title: 'A shop', directives: DIRECTIVES, policy: { model: MODEL } },
    tasks: seededTasks(tasks),
    rhythm: RHYTHMS[name],
    onRequest: ({ body, usage }) => {
      account.add(body, usage.always_warm);
      prefixes.add(canonicalJson([body.tools, body.system]));
    },
    onBurst: (arrived) => say(`${name}: ${arrived} of ${tasks} tasks`),
  });
  return {
    rhythm: name,
    tasks,
    tasks_completed: played.tasks_completed,
    waves: played.waves,
    requests: played.tallies.always_warm.requests,
    largest_request: played.tallies.always_warm.largest_request,
    distinct_prefixes: prefixes.size,
    by_weather: byWeather((weather) => costOf(played.tallies[weather], tasks)),
    sections_per_request: account.means(),
  };
}

function costOf(tally: Tally, tasks: number) {
  return {
    tokens_per_task: rounded(cacheWeighted(tally) / tasks),
    unweighted_tokens_per_task: rounded(tally.input_tokens / tasks),
    cached_share: cachedShare(tally),
    usd: dollars(MODEL, tally),
    ...tally,
  };
}

function costTable(runs: readonly RhythmRun[]): Table {
  return {
    title: 'Cache-weighted input tokens per task',
    rows: [
      ['arrivals', 'tasks', 'waves', 'largest request', ...WEATHERS],
      ...runs.map((run) => [
        run.rhythm,
        run.tasks,
        run.waves,
        run.largest_request,
        ...WEATHERS.map((weather) => run.by_weather[weather].tokens_per_task),
      ]),
    ],
  };
}

function sectionTable({ rhythm, sections_per_request: sections }: RhythmRun): Table {
  return {
    title: `Tokens per request, always warm: ${rhythm}`,
    rows: [
      ['section', 'tokens', 'uncached', 'written', 'read'],
      ...Object.entries(sections).map(([name, { tokens, uncached, written, read }]) => [
        name,
        tokens,
        uncached,
        written,
        read,
      ]),
    ],
  };
}

const DIRECTIVES = [
  'Never charge a customer twice.',
  'Every change of the database is reversible.',
  'Answer customers in their own language.',
];

/** Tasks of about 120 tokens with results of 150 to 1,000, the same for every run. */
function seededTasks(count: number): ArrivingTask[] {
  const random = seededRandom(SEED);
  return Array.from({ length: count }, (_task, index) => ({
    key: `task-${index + 1}`,
    title: phraseOf(random, TITLE_WORDS),
    instructions: proseOf(random, TASK_TOKENS),
    metadata: { outcome: proseOf(random, between(random, RESULT_TOKENS_MIN, RESULT_TOKENS_MAX)) },
  }));
}
