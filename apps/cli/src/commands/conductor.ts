import type { Command } from 'commander';
import type { Session } from '../session.js';
import { shortTokens } from '../text-layout.js';
import { jsonOption } from './options.js';

interface RotateOptions {
  readonly json?: true;
  readonly reason: string;
  readonly now?: true;
  readonly keepNote?: true;
}

const ROTATE_HELP = `
Nothing is lost by it: the fresh conductor starts from the ledger. Without --now the running wave commits first. With --now
it is fenced off: its model call is aborted, nothing of it remains but its bill, and the next wave does its work.`;

export function addConductorCommands(program: Command, session: Session): void {
  program
    .command('conductor')
    .description('the orchestrator of a mission, gone after each wave')
    .command('rotate')
    .argument('<mission>', 'msn_…')
    .description('archive the conductor and start a fresh one')
    .option('--now', 'do not wait for the running wave')
    .option('--keep-note', 'let the fresh one have the hand-off note')
    .option('--reason <text>', 'why, for the events', '')
    .addOption(jsonOption())
    .addHelpText('after', ROTATE_HELP)
    .action((missionId: string, options: RotateOptions) => rotate(session, missionId, options));
}

async function rotate(session: Session, missionId: string, options: RotateOptions): Promise<void> {
  const client = await session.client();
  const rotation = await client.rotateConductor(missionId, {
    reason: options.reason,
    mode: options.now ? 'now' : 'drain',
    keep_note: options.keepNote ?? false,
  });
  if (options.json) return session.terminal.printJson(rotation);
  const { epoch, before_tokens: before, expected_tokens: expected } = rotation;
  session.terminal.print(
    `epoch ${epoch}: the last request was ${shortTokens(before)} tokens, the next is expected at ${shortTokens(expected)}`,
  );
  session.terminal.note(`next: wavekeeper watch ${missionId}`);
}
