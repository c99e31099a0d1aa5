import type { LedgerEvent, Mission, Wave } from '#contracts';
import { bar, count, shortTokens, table } from '../text-layout.js';

/** What the demo's endpoint subscribes to: every end of a task that counts, and the end of the mission. */
export const DEMO_EVENT_TYPES: readonly LedgerEvent['type'][] = [
  'task.completed',
  'task.failed',
  'mission.completed',
];

const BAR_WIDTH = 20;
const MS_PER_SECOND = 1_000;

/** The document that `demo --json` prints. Its keys are contract. */
export interface DemoReport {
  readonly mission_id: string;
  readonly tasks: { readonly completed: number; readonly failed: number; readonly canceled: number };
  readonly waves: number;
  readonly requests: number;
  /** Sums over all waves, in tokens. */
  readonly tokens: {
    readonly input: number;
    readonly cache_write: number;
    readonly cache_read: number;
    readonly output: number;
  };
  readonly peak_request_tokens: number;
  readonly budget_tokens: number;
  readonly duplicates: number;
  readonly spill: number;
  /** Distinct webhook ids. */
  readonly webhooks: { readonly delivered: number; readonly verified: number };
  /** From the mission's creation to its last event, by the service's clock. */
  readonly seconds: number;
}

/** All that the report is made from: what the API answered at the end, and the ids that the receiver saw. */
export interface DemoFacts {
  readonly mission: Mission;
  readonly waves: readonly Wave[];
  readonly events: readonly LedgerEvent[];
  readonly spill: number;
  readonly delivered: ReadonlySet<string>;
  readonly verified: ReadonlySet<string>;
}

export function demoReport(facts: DemoFacts): DemoReport {
  const { mission, waves } = facts;
  const total = (amount: (wave: Wave) => number) => waves.reduce((sum, wave) => sum + amount(wave), 0);
  return {
    mission_id: mission.id,
    tasks: {
      completed: mission.counts.completed,
      failed: mission.counts.failed,
      canceled: mission.counts.canceled,
    },
    waves: waves.length,
    requests: total((wave) => wave.requests),
    tokens: {
      input: total((wave) => wave.usage.input_tokens),
      cache_write: total((wave) => wave.usage.cache_write_tokens),
      cache_read: total((wave) => wave.usage.cache_read_tokens),
      output: total((wave) => wave.usage.output_tokens),
    },
    peak_request_tokens: waves.reduce((peak, wave) => Math.max(peak, wave.peak_request_tokens), 0),
    budget_tokens: mission.policy.context_budget_tokens,
    duplicates: completedTwice(facts.events).length,
    spill: facts.spill,
    webhooks: { delivered: facts.delivered.size, verified: facts.verified.size },
    seconds: secondsBetween(mission.created_at, facts.events.at(-1)?.created_at ?? mission.created_at),
  };
}

/** Ids of tasks that completed more than once without a retry between: the ledger promises that there are none. */
export function completedTwice(events: readonly LedgerEvent[]): string[] {
  const completed = new Set<string>();
  const twice = new Set<string>();
  for (const { type, task_id } of events) {
    if (task_id === null) continue;
    // A retry begins the next generation of the task, which may complete once again.
    if (type === 'task.retried') completed.delete(task_id);
    if (type !== 'task.completed') continue;
    if (completed.has(task_id)) twice.add(task_id);
    completed.add(task_id);
  }
  return [...twice];
}

/** Ids of the events that the endpoint has to receive; a webhook carries its event's id. */
export function webhooksOwed(events: readonly LedgerEvent[]): string[] {
  return events.filter((event) => DEMO_EVENT_TYPES.includes(event.type)).map((event) => event.id);
}

export interface SummaryFacts {
  readonly report: DemoReport;
  /** Null when no wave committed. */
  readonly firstCommitSeconds: number | null;
  readonly webhooksOwed: number;
}

/** The report as a person reads it. */
export function summaryLines({ report, firstCommitSeconds, webhooksOwed: owed }: SummaryFacts): string[] {
  const { tasks, tokens, webhooks } = report;
  const read = tokens.input + tokens.cache_write + tokens.cache_read;
  const peak = `${shortTokens(report.peak_request_tokens)}/${shortTokens(report.budget_tokens)}`;
  return table([
    ['tasks', `${tasks.completed} completed, ${tasks.failed} failed, ${tasks.canceled} canceled`],
    ['waves', `${report.waves}, in ${count(report.requests, 'model request')}`],
    [
      'first wave',
      firstCommitSeconds === null ? 'none committed' : `committed after ${firstCommitSeconds} s`,
    ],
    ['time', `${report.seconds} s`],
    [
      'tokens',
      `${shortTokens(read)} read (${shortTokens(tokens.cache_read)} of them from the cache), ${shortTokens(tokens.output)} written`,
    ],
    [
      'context',
      `${bar(report.peak_request_tokens, report.budget_tokens, BAR_WIDTH)} ${peak} in the largest request`,
    ],
    ['webhooks', `${webhooks.verified} of ${owed} verified`],
    [
      'twice',
      report.duplicates === 0
        ? 'no task completed twice'
        : `${count(report.duplicates, 'task')} completed twice`,
    ],
    [
      'unseen',
      report.spill === 0 ? 'every inbox item was seen' : `${count(report.spill, 'inbox item')} unseen`,
    ],
  ]);
}

/** When the first wave committed, in seconds from the mission's creation; null when none has. */
export function firstCommitSeconds(
  mission: Pick<Mission, 'created_at'>,
  events: readonly LedgerEvent[],
): number | null {
  const committed = events.find((event) => event.type === 'wave.committed');
  return committed === undefined ? null : secondsBetween(mission.created_at, committed.created_at);
}

function secondsBetween(from: string, to: string): number {
  return Math.max(Date.parse(to) - Date.parse(from), 0) / MS_PER_SECOND;
}
