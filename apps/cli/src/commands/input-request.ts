import type { Command } from 'commander';
import type { InputRequest } from '#contracts';
import type { Session } from '../session.js';
import { harmless, indented, oneLine } from '../text-layout.js';
import { cursorOption, jsonOption, limitOption, type PageOptions } from './options.js';

const OPTION_CHARACTERS = 80;

export function addInputRequestCommands(program: Command, session: Session): void {
  program
    .command('inbox')
    .description('what you are asked and have not answered, newest first')
    .option('--mission <id>', 'only what this mission asks')
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(jsonOption())
    .action((options: InboxOptions) => listOpenRequests(session, options));
  program
    .command('answer')
    .argument('<id>', 'inp_…')
    .argument('<value>', 'approve or reject, one of the options, or your words')
    .description('answer a question; the first answer wins')
    .option('--comment <text>', 'a word to the conductor')
    .addOption(jsonOption())
    .action((id: string, value: string, options: AnswerOptions) => answer(session, id, value, options));
}

interface InboxOptions extends PageOptions {
  readonly mission?: string;
}

interface AnswerOptions {
  readonly json?: true;
  readonly comment?: string;
}

async function listOpenRequests(session: Session, options: InboxOptions): Promise<void> {
  const client = await session.client();
  const page = await client.listInputRequests({
    state: 'open',
    mission_id: options.mission,
    limit: options.limit,
    cursor: options.cursor,
  });
  if (options.json) return session.terminal.printJson(page);
  if (page.data.length === 0) return session.terminal.note('Nobody asks you anything.');
  session.terminal.print(page.data.map(requestText).join('\n\n'));
  if (page.next_cursor !== null) session.terminal.note(`more: --cursor ${page.next_cursor}`);
  session.terminal.note('answer: wavekeeper answer <id> <value>');
}

async function answer(session: Session, id: string, value: string, options: AnswerOptions): Promise<void> {
  const client = await session.client();
  const answered = await client.answerInputRequest(id, { value, comment: options.comment ?? null });
  if (options.json) return session.terminal.printJson(answered);
  session.terminal.print(`${answered.id}  ${answered.state}  ${oneLine(value, OPTION_CHARACTERS)}`);
}

function requestText(request: InputRequest): string {
  const facts = [
    request.id,
    request.kind,
    request.mission_id,
    ...(request.blocks.length === 0 ? [] : [`holds up ${request.blocks.length}`]),
    ...(request.deadline_at === null ? [] : [`until ${request.deadline_at}`]),
  ];
  const options = request.options.map(
    ({ value, label }) =>
      `${oneLine(value, OPTION_CHARACTERS)}${label === value ? '' : `: ${oneLine(label, OPTION_CHARACTERS)}`}`,
  );
  return [
    facts.join('  '),
    indented(harmless(request.prompt)),
    ...options.map((option) => indented(`- ${option}`)),
  ].join('\n');
}
