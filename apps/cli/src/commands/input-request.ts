import { Option, type Command } from 'commander';
import { ANSWER_LINK_SECONDS_MAX, ANSWER_LINK_SECONDS_MIN, type InputRequest } from '#contracts';
import type { Session } from '../session.js';
import { harmless, indented, oneLine } from '../text-layout.js';
import { cursorOption, integerBetween, jsonOption, limitOption, type PageOptions } from './options.js';

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
  program
    .command('answer-link')
    .argument('<id>', 'inp_…')
    .description('print a link by which a person answers this question in a browser, without signing in')
    .addOption(
      new Option('--expires-in <seconds>', 'how long it may be opened: three days, unless told').argParser(
        integerBetween(ANSWER_LINK_SECONDS_MIN, ANSWER_LINK_SECONDS_MAX),
      ),
    )
    .addOption(jsonOption())
    .action((id: string, options: LinkOptions) => printAnswerLink(session, id, options));
}

interface InboxOptions extends PageOptions {
  readonly mission?: string;
}

interface LinkOptions {
  readonly json?: true;
  readonly expiresIn?: number;
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

async function printAnswerLink(session: Session, id: string, options: LinkOptions): Promise<void> {
  const client = await session.client();
  const { path, expires_at } = await client.createAnswerLink(id, { expires_in_seconds: options.expiresIn });
  const url = `${client.connection.url}${path}`;
  if (options.json) return session.terminal.printJson({ url, expires_at });
  session.terminal.print(url);
  session.terminal.note(`until ${expires_at}; whoever has it can answer, once`);
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
