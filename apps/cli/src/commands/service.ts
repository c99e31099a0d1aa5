import type { Command } from 'commander';
import type { Session } from '../session.js';

/** `up` and `migrate` load the service only when they run: every other command starts without it. */
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
}
