import type { Transactions } from '#database';
import type { ArrivingTask } from '../harness/bench-mission.js';
import type { Run } from '../harness/benchmark.js';
import { atMost, exactly, type Outcome, type Table } from '../harness/outcome.js';
import { play, type PlayedRequest, type Rhythm } from '../harness/play.js';
import { textsOf } from '../harness/sections.js';
import { cachedShare, cacheWeighted, dollars, PRICES_AS_OF, rounded, type Tally } from '../harness/tally.js';
import { byWeather, WEATHER_ASSUMPTIONS, WEATHERS, type ByWeather } from '../harness/weather.js';
import { PromptMeter, countTokens } from '../../apps/simulator/src/index.js';
import { converse, CONVERSATION_ASSUMPTIONS, type ConversationPolicy, type Turn } from './conversation.js';
import { realTasks } from './real-tasks.js';
import { REPORTED, reportedTally } from './reported.js';

/** The model whose prices the reported case is told in. */
const MODEL = 'claude-opus-5-5';
const COMPACT_AT_TOKENS = [50_000, 100_000] as const;

const RHYTHMS = {
  bursts_of_8: { burst: 8, results: 'before_next_burst' },
  one_by_one: { burst: 1, results: 'before_next_burst' },
} as const satisfies Record<string, Rhythm>;

type RhythmName = keyof typeof RHYTHMS;

/** One by one takes eight times the waves of bursts and costs the same for each task: a part of them tells it. */
const TASKS: Readonly<Record<RhythmName, number>> = { bursts_of_8: REPORTED.turns, one_by_one: 200 };

const CONTEXT_BUDGET_TOKENS = 24_000;

export async function benchReplay({ transactions, size, say }: Run): Promise<Outcome> {
  const runs = [];
  for (const name of ['bursts_of_8', 'one_by_one'] as const)
    runs.push(await replayRhythm(transactions, { name, tasks: await realTasks(size ?? TASKS[name]), say }));
  return {
    report: {
      model: MODEL,
      prices_as_of: PRICES_AS_OF,
      assumptions: [...WEATHER_ASSUMPTIONS, ...CONVERSATION_ASSUMPTIONS],
      reported: {
        ...REPORTED,
        bursts_of_8: byWeather((weather) => priced(reportedTally(weather, 8))),
        one_by_one: byWeather((weather) => priced(reportedTally(weather, 1))),
      },
      runs,
    },
    tables: runs.map(dollarTable),
    checks: runs.flatMap((run) => [
      exactly(`${run.rhythm}: tasks completed`, run.tasks_completed, run.tasks),
      atMost(`${run.rhythm}: largest request`, run.largest_request, CONTEXT_BUDGET_TOKENS),
    ]),
  };
}

type RhythmRun = Awaited<ReturnType<typeof replayRhythm>>;

function dollarTable(run: RhythmRun): Table {
  const row = (name: string, cost: RhythmRun['waves_cost']) => [
    name,
    cost.always_warm.largest_request,
    cost.always_warm.input_tokens,
    ...WEATHERS.map((weather) => cost[weather].usd.toFixed(2)),
  ];
  return {
    title: `${run.rhythm}, ${run.tasks} tasks in ${run.waves} waves: dollars at list prices (${MODEL})`,
    rows: [
      ['policy', 'largest request', 'input tokens', ...WEATHERS],
      row('waves', run.waves_cost),
      row('one conversation', run.one_conversation.cost),
      ...run.compacted.map(({ compact_at_tokens, cost }) => row(`compacted at ${compact_at_tokens}`, cost)),
    ],
  };
}

async function replayRhythm(
  transactions: Transactions,
  replay: {
    readonly name: RhythmName;
    readonly tasks: readonly ArrivingTask[];
    readonly say: (line: string) => void;
  },
) {
  const { name, tasks, say } = replay;
  const turns: Turn[] = [];
  let prefixTokens = 0;
  const played = await play({
    transactions,
    mission: { title: 'A backlog', policy: { model: MODEL } },
    tasks,
    rhythm: RHYTHMS[name],
    onRequest: (request) => {
      prefixTokens ||= prefixOf(request);
      turns.push(turnOf(request));
    },
    onBurst: (arrived) => say(`${name}: ${arrived} of ${tasks.length} tasks`),
  });
  const warm = played.tallies.always_warm;
  return {
    rhythm: name,
    tasks: tasks.length,
    tasks_completed: played.tasks_completed,
    waves: played.waves,
    requests: warm.requests,
    largest_request: warm.largest_request,
    waves_cost: byWeather((weather) => priced(played.tallies[weather])),
    one_conversation: conversationCost({ prefixTokens, compactAtTokens: null }, turns),
    compacted: COMPACT_AT_TOKENS.map((compactAtTokens) => ({
      compact_at_tokens: compactAtTokens,
      ...conversationCost({ prefixTokens, compactAtTokens }, turns),
    })),
  };
}

/** What comes before all that is news: tools, role, charter and directives. */
function prefixOf({ body }: PlayedRequest): number {
  const pieces = PromptMeter.pieces(body);
  const stable = (body.tools?.length ?? 0) + textsOf(body).findIndex(({ section }) => section === 'Z4');
  return pieces.slice(0, stable).reduce((sum, tokens) => sum + tokens, 0);
}

/** The news of a request: its inbox page, and the tasks that have become ready. */
function turnOf({ body, answer, burst }: PlayedRequest): Turn {
  const texts = new Map(textsOf(body).map(({ section, text }) => [section, text]));
  const ready = /^## Ready to dispatch [^]*?(?=^## )/m.exec(texts.get('Z6') ?? '')?.[0] ?? '';
  return {
    newsTokens: countTokens(texts.get('Z7') ?? '') + countTokens(ready),
    outputTokens: answer.usage.output,
    burst,
  };
}

function conversationCost(policy: ConversationPolicy, turns: readonly Turn[]) {
  const costs = byWeather((weather) => converse(policy, turns, weather));
  const { compactions, past_window } = costs.always_warm;
  return { compactions, past_window, cost: mapWeathers(costs, ({ tally }) => priced(tally)) };
}

function mapWeathers<From, To>(table: ByWeather<From>, to: (from: From) => To): ByWeather<To> {
  return byWeather((weather) => to(table[weather]));
}

function priced(tally: Tally) {
  return {
    usd: dollars(MODEL, tally),
    cache_weighted_tokens: rounded(cacheWeighted(tally)),
    cached_share: cachedShare(tally),
    ...tally,
  };
}
