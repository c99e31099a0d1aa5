import { benchCost } from './cost/cost.js';
import { benchDashboard } from './dashboard/dashboard.js';
import { benchFairness } from './fairness/fairness.js';
import { benchFinishedWork } from './finished/compare-finished.js';
import type { Benchmark } from './harness/benchmark.js';
import { benchKill } from './kill/kill.js';
import { benchRelay } from './relay/relay.js';
import { benchReplay } from './replay/replay.js';
import { benchWebhooks } from './webhooks/webhooks.js';

/** Every benchmark there is, by the name it is called by. */
export const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  replay: {
    summary: 'the reported mission of 2,227 turns through real waves, beside one conversation and compaction',
    run: benchReplay,
  },
  cost: {
    summary: 'cache-weighted input tokens per task of 2,227 tasks, and the section that each token is in',
    run: benchCost,
  },
  relay: {
    summary: 'what is still known, lost, doubled, stale or obeyed after 1 to 500 rotations, policy by policy',
    run: benchRelay,
  },
  finished: {
    summary: 'the context and the building time of a wave after 20,000 finished tasks, beside 250',
    run: benchFinishedWork,
  },
  fairness: {
    summary: 'how long ten quiet tenants wait for a wave beside one with 5,000 due missions',
    run: benchFairness,
  },
  kill: {
    summary:
      '200 tasks through 10 kills -9 each of everything, of the worker and of the API: what is lost or doubled',
    run: benchKill,
  },
  webhooks: {
    summary: 'how long webhooks wait for their first try at healthy endpoints, alone and beside broken ones',
    run: benchWebhooks,
  },
  dashboard: {
    summary: 'how soon each screen answers in a real browser on a mission of 2,227 waves and 20,000 tasks',
    run: benchDashboard,
  },
};
