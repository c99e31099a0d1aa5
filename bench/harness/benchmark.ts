import type { Transactions } from '#database';
import type { Outcome } from './outcome.js';

/** What a benchmark runs with. */
export interface Run {
  readonly transactions: Transactions;
  /** The owner's login, for processes of their own. */
  readonly databaseUrl: string;
  /** How many tasks, or rotations, instead of the benchmark's own number; null leaves it. */
  readonly size: number | null;
  /** Replaces the line of progress. */
  readonly say: (progress: string) => void;
}

export interface Benchmark {
  /** One line: what it measures. */
  readonly summary: string;
  readonly run: (run: Run) => Promise<Outcome>;
}
