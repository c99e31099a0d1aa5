import type { Command } from 'commander';
import type { z } from 'zod';
import type { directiveSchema } from '#contracts';
import type { Session } from '../session.js';
import { harmless, indented } from '../text-layout.js';
import { jsonOption } from './options.js';

const MOVES = {
  accept: 'let what was proposed hold from now on',
  reject: 'refuse what was proposed',
  retire: 'end what holds',
} as const;

export function addDirectiveCommands(program: Command, session: Session): void {
  const directive = program.command('directive').description('standing instructions of a mission');
  directive
    .command('list')
    .argument('<mission>', 'msn_…')
    .description('all of them, oldest first, and what has become of each')
    .addOption(jsonOption())
    .action((missionId: string, options: { json?: true }) => list(session, missionId, options));
  for (const action of Object.keys(MOVES) as (keyof typeof MOVES)[])
    directive
      .command(action)
      .argument('<ids...>', 'dir_…')
      .description(MOVES[action])
      .addOption(jsonOption())
      .action((ids: string[], options: { json?: true }) => move(session, ids, { ...options, action }));
}

async function list(session: Session, missionId: string, options: { json?: true }): Promise<void> {
  const directives = await (await session.client()).listAllDirectives(missionId);
  if (options.json) return session.terminal.printJson({ data: directives });
  if (directives.length === 0) return session.terminal.note('There are none.');
  session.terminal.print(directives.map(directiveText).join('\n\n'));
}

async function move(
  session: Session,
  ids: readonly string[],
  { json, action }: { readonly json?: true; readonly action: keyof typeof MOVES },
): Promise<void> {
  const client = await session.client();
  const moved: z.output<typeof directiveSchema>[] = [];
  for (const id of ids) moved.push(await client.moveDirective(id, action));
  if (json) return session.terminal.printJson({ data: moved });
  session.terminal.print(moved.map(({ id, ref, state }) => `${id}  ${ref}  ${state}`).join('\n'));
}

function directiveText({ id, ref, state, text }: z.output<typeof directiveSchema>): string {
  return `${id}  ${ref}  ${state}\n${indented(harmless(text))}`;
}
