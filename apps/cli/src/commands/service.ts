import type { Command } from 'commander';
import type { Session } from '../session.js';
import { jsonOption } from './options.js';

const DOCTOR_HELP = `
Looks at DATABASE_URL, else at the database of $WAVEKEEPER_HOME. One line for each invariant: how many rows break it, and
its name. Ends with 1 when any is broken. What ought to move is asked only while a service is connected.`;

/** `up`, `migrate`, `doctor` and `keys` load the service only when they run: every other command starts without it. */
export function addServiceCommands(program: Command, session: Session): void {
  program
    .command('up')
    .description(
      'run everything in this process: database, API, worker, and the simulator when there is no key',
    )
    .action(async () => {
      const { up } = await import('../up.js');
      session.exitCode = await up(session.config);
    });
  program
    .command('migrate')
    .description('bring the schema of DATABASE_URL (or of the embedded database) up to date')
    .action(async () => {
      const { migrateCommand } = await import('../migrate.js');
      session.exitCode = await migrateCommand(session.config);
    });
  program
    .command('doctor')
    .description('check every invariant of the ledger, also while the service runs; changes nothing')
    .addOption(jsonOption())
    .addHelpText('after', DOCTOR_HELP)
    .action(async (options: { json?: true }) => {
      const { doctor } = await import('../doctor.js');
      session.exitCode = await doctor(session, options);
    });
  program
    .command('keys')
    .description('the master key that seals tenants’ secrets')
    .command('rotate')
    .description(
      'seal everything under the current WAVEKEEPER_MASTER_KEY (with WAVEKEEPER_MASTER_KEY_PREVIOUS to open it), or under a new one of the home',
    )
    .action(async () => {
      const { rotateKeys } = await import('../keys-rotate.js');
      session.exitCode = await rotateKeys(session.config);
    });
  program
    .command('sign-in')
    .description('print a link that signs a browser in once, within 15 minutes, with your key')
    .action(async () => {
      const client = await session.client();
      const { path } = await client.createSignInLink();
      session.terminal.print(`${client.connection.url}${path}`);
    });
}
