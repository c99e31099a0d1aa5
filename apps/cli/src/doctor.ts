import { examineLedger, type Examination } from '#ledger';
import { silentLogger } from '#telemetry';
import { EXIT } from './exit-codes.js';
import { CommandFailure } from './failure.js';
import { openLedger } from './open-ledger.js';
import type { Session } from './session.js';
import type { Terminal } from './terminal.js';
import { count, table } from './text-layout.js';

/** Checks every invariant and says how many rows break each; 1 when any does. */
export async function doctor(session: Session, options: { readonly json?: true }): Promise<number> {
  const database = await openLedger(session.config);
  try {
    const { findings, isAtWork } = await examine(session.terminal, database.url);
    if (options.json) session.terminal.printJson({ invariants: findings });
    else
      session.terminal.print(
        table(
          findings.map(({ name, rows }) => [String(rows), name]),
          [0],
        ).join('\n'),
      );
    if (!isAtWork) session.terminal.note('No service is connected: what ought to move was not asked about.');
    return verdict(session.terminal, findings);
  } catch (error) {
    throw isWithoutLedger(error) ? noLedger(error) : error;
  } finally {
    await database.close();
  }
}

/** Examines a ledger and shows how far it is. */
export async function examine(terminal: Terminal, databaseUrl: string): Promise<Examination> {
  const examination = await examineLedger({
    databaseUrl,
    logger: silentLogger,
    onProgress: ({ done, all }) => terminal.progress(`examined ${done} of ${count(all, 'tenant')}`),
  });
  terminal.progress('');
  return examination;
}

/** What a command ends with that has examined a ledger. */
export function verdict(terminal: Terminal, findings: Examination['findings']): number {
  const broken = findings.filter(({ rows }) => rows > 0);
  if (broken.length > 0) terminal.note(`${count(broken.length, 'invariant')} broken.`);
  return broken.length === 0 ? EXIT.ok : EXIT.failure;
}

/** Postgres' codes for a role, a table and a function that are not there. */
const WITHOUT_LEDGER: readonly unknown[] = ['22023', '28000', '42704', '42P01', '42883', '42703'];

function isWithoutLedger(error: unknown): boolean {
  return error instanceof Error && 'code' in error && WITHOUT_LEDGER.includes(error.code);
}

function noLedger(error: unknown): CommandFailure {
  return new CommandFailure(
    `This database is not up to date: ${error instanceof Error ? error.message : String(error)}`,
    EXIT.failure,
    'Bring it up to date: wavekeeper migrate',
  );
}
