import type { Command } from 'commander';
import { decisionsText } from '../demo/wave-line.js';
import type { Session } from '../session.js';
import { count, oneLine, table } from '../text-layout.js';
import { cursorOption, jsonOption, limitOption, type PageOptions } from './options.js';

const TEXT_CHARACTERS = 60;

export function addMessagesCommand(program: Command, session: Session): void {
  program
    .command('messages')
    .argument('<mission>', 'msn_…')
    .description('what was said to a mission, which wave read it, and what that wave decided')
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(jsonOption())
    .action((missionId: string, options: PageOptions) => showMessages(session, missionId, options));
}

async function showMessages(session: Session, missionId: string, options: PageOptions): Promise<void> {
  const client = await session.client();
  const page = await client.listMessages(missionId, { limit: options.limit, cursor: options.cursor });
  if (options.json) return session.terminal.printJson(page);
  const { spill } = await client.getConductor(missionId);
  session.terminal.note(`${count(spill, 'item')} that no wave has seen`);
  if (page.data.length === 0)
    return session.terminal.note(`No messages. Say something: wavekeeper mission tell ${missionId} "…"`);
  const rows = page.data.map((message) => [
    message.id,
    message.seen_by_wave ?? 'unseen',
    message.seen_by_wave === null ? '' : decisionsText(message.decisions),
    oneLine(message.text, TEXT_CHARACTERS),
  ]);
  session.terminal.print(table(rows).join('\n'));
  if (page.next_cursor !== null) session.terminal.note(`more: --cursor ${page.next_cursor}`);
}
