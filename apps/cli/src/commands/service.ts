import type { Command } from 'commander';
import type { Session } from '../session.js';
import { jsonOption } from './options.js';

const DOCTOR_HELP = `
Looks at DATABASE_URL, else at the database of $WAVEKEEPER_HOME. One line for each invariant: how many rows break it, and
its name. Ends with 1 when any is broken. What ought to move is asked only while a service is connected.`;

const BACKUP_HELP = `
Backs up DATABASE_URL, else the database of $WAVEKEEPER_HOME, as it is at one moment. The master key is not in it: keep
WAVEKEEPER_MASTER_KEY, or secrets.json of the home, apart from it. Without that key nothing opens the tenants' secrets.`;

const RESTORE_HELP = `
Into DATABASE_URL, else into the database of $WAVEKEEPER_HOME, which must not have a tenant yet and whose service must not
run. Wants the master key that the backup was made with: WAVEKEEPER_MASTER_KEY, or secrets.json in the home.`;

/** `up`, `migrate`, `doctor`, `backup`, `restore` and `keys` load the service only when they run: every other command starts without it. */
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
    .command('backup')
    .argument('<file>', 'to write; must not be there')
    .description('write the whole ledger to a file, also while the service runs')
    .addOption(jsonOption())
    .addHelpText('after', BACKUP_HELP)
    .action(async (file: string, options: { json?: true }) => {
      const { backup } = await import('../backup.js');
      session.exitCode = await backup(session, file, options);
    });
  program
    .command('restore')
    .argument('<file>', 'that `backup` has written')
    .description('fill an empty database from a backup, and check every invariant of what is in it then')
    .option('--other-key', 'although the master key here does not open the secrets in it')
    .addOption(jsonOption())
    .addHelpText('after', RESTORE_HELP)
    .action(async (file: string, options: { json?: true; otherKey?: true }) => {
      const { restoreBackup } = await import('../restore.js');
      session.exitCode = await restoreBackup(session, file, options);
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
