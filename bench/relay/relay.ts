import type { Run } from '../harness/benchmark.js';
import { atLeast, exactly, type Outcome, type Table } from '../harness/outcome.js';
import {
  LOSS_PER_REWRITE,
  rollingSummary,
  runForgetful,
  SUMMARY_TOKENS_MAX,
  TRANSCRIPT_TOKENS_MAX,
  truncatedConversation,
} from './forgetful.js';
import { runLiveRelay, type LiveRelay } from './live-relay.js';
import type { Retention } from './probe.js';
import { makeWorld } from './world.js';

const SEED = 500;
const ROTATIONS = [1, 5, 20, 100, 500] as const;
const RECALL_MIN = 0.99;

const ASSUMPTIONS = [
  'full, digest_and_registers and digest_only run on the real ledger and builder, the latter two with something taken away',
  'a fact is in the context when its code stands there; within 2 reads when a reader who knows its subject finds the code by two calls of the read tools, as they really answer',
  'a read is a call that the text shows, a search that the text shows with the subject as its query, or ledger_get of a ref on a line with the subject',
  `one_conversation_truncated keeps its newest ${TRANSCRIPT_TOKENS_MAX} tokens and the directives of its first rotation`,
  `rolling_summary keeps the weightiest sentences in ${SUMMARY_TOKENS_MAX} tokens; each rewriting loses a sentence with a chance of ${LOSS_PER_REWRITE}`,
  'both are models on the same world: whether a model would obey the orders in the data is not modelled',
];

export async function benchRelay({ transactions, size, say }: Run): Promise<Outcome> {
  const rotations = size ?? Math.max(...ROTATIONS);
  const checkpoints = [...new Set([...ROTATIONS.filter((rotation) => rotation < rotations), rotations])];
  const world = makeWorld(SEED, rotations);
  const live = await runLiveRelay({
    transactions,
    world,
    checkpoints,
    onRotation: (rotation) => say(`relay: rotation ${rotation} of ${rotations}`),
  });
  const truncated = await runForgetful(world, checkpoints, truncatedConversation);
  const summary = await runForgetful(world, checkpoints, rollingSummary(SEED));
  const { retention, ...full } = live;
  const policies = {
    one_conversation_truncated: truncated,
    rolling_summary: summary,
    digest_only: { retention: retention.digest_only },
    digest_and_registers: { retention: retention.digest_and_registers },
    full: { retention: retention.full, ...full },
  };
  return {
    report: { seed: SEED, rotations, assumptions: ASSUMPTIONS, policies },
    tables: checkpoints.map((rotation) =>
      retentionTable(
        rotation,
        Object.entries(policies).map(([name, policy]) => [name, policy.retention]),
      ),
    ),
    checks: promises(live, rotations),
  };
}

function promises({ retention, ledger, late_commits_accepted }: LiveRelay, rotations: number) {
  const last = retention.full.at(-1);
  return [
    exactly(`full, after ${rotations}: directives`, last?.directives ?? 0, 1),
    atLeast(`full, after ${rotations}: recall within 2 reads`, last?.recall_within_2_reads ?? 0, RECALL_MIN),
    exactly(
      'full: stale facts',
      retention.full.reduce((sum, { stale }) => sum + stale, 0),
      0,
    ),
    exactly('full: lost tasks', ledger.lost_tasks, 0),
    exactly('full: duplicate dispatches', ledger.duplicate_dispatches, 0),
    exactly('full: injected orders obeyed', ledger.injections_obeyed, 0),
    exactly('full: requests above their budget', ledger.budget_overruns, 0),
    exactly('full: commits of lost conductors', late_commits_accepted, 0),
  ];
}

function retentionTable(rotation: number, policies: readonly [string, readonly Retention[]][]): Table {
  return {
    title: `After ${rotation} rotations`,
    rows: [
      ['policy', 'context tokens', 'directives', 'recall in context', 'within 2 reads', 'stale'],
      ...policies.flatMap(([name, retention]) => {
        const at = retention.find((one) => one.rotation === rotation);
        if (at === undefined) return [];
        const { context_tokens, directives, recall_in_context, recall_within_2_reads, stale } = at;
        return [
          [
            name,
            context_tokens,
            percent(directives),
            percent(recall_in_context),
            percent(recall_within_2_reads),
            stale,
          ],
        ];
      }),
    ],
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
