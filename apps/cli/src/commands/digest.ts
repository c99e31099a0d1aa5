import type { Command } from 'commander';
import type { Session } from '../session.js';
import { count } from '../text-layout.js';
import { jsonOption } from './options.js';

interface RebuildOptions {
  readonly json?: true;
  readonly mission: string;
}

export function addDigestCommands(program: Command, session: Session): void {
  program
    .command('digest')
    .description('what conductors are told of finished work')
    .command('rebuild')
    .description("make a mission's digest tree again from what its tasks came to")
    .requiredOption('--mission <id>', 'msn_…')
    .addOption(jsonOption())
    .action((options: RebuildOptions) => rebuildDigests(session, options));
}

async function rebuildDigests(session: Session, options: RebuildOptions): Promise<void> {
  const rebuilt = await (await session.client()).rebuildDigests(options.mission);
  if (options.json) return session.terminal.printJson(rebuilt);
  session.terminal.print(
    `${count(rebuilt.task_ends, 'card')} and ${count(rebuilt.digests, 'digest')} were written.`,
  );
}
