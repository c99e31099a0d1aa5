/**
 * A promise of the ledger that one statement can check: `sql` is a query, without parameters, of the rows that break
 * it. `name` says what holds and is what tests and `wavekeeper doctor` print; scripts know an invariant by it.
 */
export interface Invariant {
  readonly name: string;
  readonly sql: string;
}
