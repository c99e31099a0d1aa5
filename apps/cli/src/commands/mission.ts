import { Option, type Command } from 'commander';
import { MISSION_STATUSES, type Mission } from '#contracts';
import type { Session } from '../session.js';
import { oneLine, table } from '../text-layout.js';
import { missionLines } from '../watch/watch-view.js';
import { collect, cursorOption, jsonOption, limitOption, type PageOptions } from './options.js';

const TITLE_CHARACTERS = 50;

interface CreateOptions {
  readonly json?: true;
  readonly objective: string;
  readonly directive?: string[];
  readonly criterion?: string[];
  readonly limitUsd?: string;
}

export function addMissionCommands(program: Command, session: Session): void {
  const mission = program
    .command('mission')
    .description('long-lived objectives to which tasks keep arriving');
  mission
    .command('create')
    .argument('<title>')
    .description('start a mission')
    .option('--objective <text>', 'what it is for, as the conductor reads it', '')
    .option('--directive <text>', 'a standing instruction, kept verbatim; repeat for more', collect)
    .option('--criterion <text>', 'an acceptance criterion; repeat for more', collect)
    .option('--limit-usd <amount>', 'the most it may spend, such as 12.50')
    .addOption(jsonOption())
    .action((title: string, options: CreateOptions) => createMission(session, title, options));
  mission
    .command('list')
    .description('missions, newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(MISSION_STATUSES))
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(jsonOption())
    .action((options: PageOptions & { state?: string }) => listMissions(session, options));
  mission
    .command('status')
    .argument('<id>', 'msn_…')
    .description('where a mission stands: tasks, conductor, context, money')
    .addOption(jsonOption())
    .action((id: string, options: { json?: true }) => showMission(session, id, options));
  for (const [action, description] of Object.entries(CONTROLS))
    mission
      .command(action)
      .argument('<id>', 'msn_…')
      .description(description)
      .addOption(jsonOption())
      .action((id: string, options: { json?: true }) => control(session, id, action as Control, options));
  mission
    .command('tell')
    .alias('message')
    .argument('<id>', 'msn_…')
    .argument('<text>')
    .description('say something to a mission; its next wave reads it first')
    .addOption(jsonOption())
    .action((id: string, text: string, options: { json?: true }) => tell(session, id, text, options));
}

const CONTROLS = {
  pause: 'start no new waves and attempts; what runs may finish',
  resume: 'take up work again, and drop what holds it',
  cancel: 'end it and cancel what is open',
  archive: 'put it away for good',
} as const;
type Control = keyof typeof CONTROLS;

async function control(
  session: Session,
  id: string,
  action: Control,
  options: { json?: true },
): Promise<void> {
  const mission = await (await session.client()).controlMission(id, action);
  if (options.json) return session.terminal.printJson(mission);
  session.terminal.print(`${mission.id}  ${mission.state}  ${oneLine(mission.title, TITLE_CHARACTERS)}`);
}

async function tell(session: Session, id: string, text: string, options: { json?: true }): Promise<void> {
  const message = await (await session.client()).postMessage(id, { text });
  if (options.json) return session.terminal.printJson(message);
  session.terminal.print(`${message.id}  taken in`);
  session.terminal.note(`next: wavekeeper messages ${id}`);
}

async function createMission(session: Session, title: string, options: CreateOptions): Promise<void> {
  const client = await session.client();
  const mission = await client.createMission({
    title,
    objective: options.objective,
    directives: options.directive ?? [],
    acceptance_criteria: options.criterion ?? [],
    budget: options.limitUsd === undefined ? {} : { limit_usd: options.limitUsd },
  });
  if (options.json) return session.terminal.printJson(mission);
  session.terminal.print(`${mission.id}  ${oneLine(mission.title, TITLE_CHARACTERS)}`);
  session.terminal.note(`next: wavekeeper task submit "…" --mission ${mission.id}`);
}

async function listMissions(session: Session, options: PageOptions & { state?: string }): Promise<void> {
  const client = await session.client();
  const page = await client.listMissions({
    state: options.state,
    limit: options.limit,
    cursor: options.cursor,
  });
  if (options.json) return session.terminal.printJson(page);
  if (page.data.length === 0)
    return session.terminal.note('No missions. Start one: wavekeeper mission create "…"');
  const rows = page.data.map((mission) => [
    mission.id,
    mission.state,
    progressText(mission),
    oneLine(mission.title, TITLE_CHARACTERS),
  ]);
  session.terminal.print(table(rows).join('\n'));
  if (page.next_cursor !== null) session.terminal.note(`more: --cursor ${page.next_cursor}`);
}

async function showMission(session: Session, id: string, options: { json?: true }): Promise<void> {
  const client = await session.client();
  const [mission, conductor] = await Promise.all([client.getMission(id), client.getConductor(id)]);
  if (options.json) return session.terminal.printJson({ mission, conductor });
  session.terminal.print(session.terminal.paint('bold', oneLine(mission.title, TITLE_CHARACTERS)));
  session.terminal.print(missionLines(mission, conductor).join('\n'));
}

function progressText(mission: Mission): string {
  const total = Object.values(mission.counts).reduce((sum, amount) => sum + amount, 0);
  return `${mission.counts.completed}/${total}`;
}
