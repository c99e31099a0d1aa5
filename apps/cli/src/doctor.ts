import type { Config } from '#config';
import { hasEmbeddedPostgres, startEmbeddedPostgres } from '#database';
import { examineLedger } from '#ledger';
import { silentLogger } from '#telemetry';
import { EXIT } from './exit-codes.js';
import { CommandFailure } from './failure.js';
import type { Session } from './session.js';
import { count, table } from './text-layout.js';
import { takeHome } from './up-instance.js';

/** Checks every invariant and says how many rows break each; 1 when any does. */
export async function doctor(session: Session, options: { readonly json?: true }): Promise<number> {
  const { terminal, config } = session;
  const database = await openLedger(config);
  try {
    const { findings, isAtWork } = await examineLedger({
      databaseUrl: database.url,
      logger: silentLogger,
      onProgress: ({ done, all }) => terminal.progress(`examined ${done} of ${count(all, 'tenant')}`),
    });
    terminal.progress('');
    if (options.json) terminal.printJson({ invariants: findings });
    else
      terminal.print(
        table(
          findings.map(({ name, rows }) => [String(rows), name]),
          [0],
        ).join('\n'),
      );
    const broken = findings.filter(({ rows }) => rows > 0);
    if (!isAtWork) terminal.note('No service is connected: what ought to move was not asked about.');
    if (broken.length > 0) terminal.note(`${count(broken.length, 'invariant')} broken.`);
    return broken.length === 0 ? EXIT.ok : EXIT.failure;
  } catch (error) {
    throw isWithoutLedger(error) ? noLedger(error) : error;
  } finally {
    await database.close();
  }
}

/** A database as it is: nothing is migrated. A server that had to be started for this is stopped again. */
async function openLedger(config: Config): Promise<{ url: string; close(): Promise<void> }> {
  if (config.databaseUrl !== null) return { url: config.databaseUrl, close: () => Promise.resolve() };
  const { homeDir } = config;
  if (!hasEmbeddedPostgres(homeDir))
    throw new CommandFailure(
      `There is no ledger in ${homeDir}.`,
      EXIT.notFound,
      'Set WAVEKEEPER_HOME to the home of the service, or DATABASE_URL to its database.',
    );
  const instance = await takeHome(homeDir); // a service that starts meanwhile must not adopt what is stopped here
  const server = await startEmbeddedPostgres({ homeDir });
  return {
    url: server.url,
    close: async () => {
      if (instance.kind === 'running') return;
      if (!server.adopted) await server.stop();
      await instance.release();
    },
  };
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
