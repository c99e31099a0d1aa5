import { Option, type Command } from 'commander';
import { MISSION_STATUSES, type Mission } from '#contracts';
import type { Session } from '../session.js';
import { bar, count, oneLine, shortTokens, table } from '../text-layout.js';
import { collect, cursorOption, jsonOption, limitOption, type PageOptions } from './options.js';

const TITLE_CHARACTERS = 50;
const BAR_WIDTH = 20;

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
  const { tokens, budget, level } = conductor.context;
  const rows = [
    ['state', [mission.state, ...mission.holds.map((hold) => `hold: ${hold}`)].join(', ')],
    ['tasks', countsText(mission)],
    [
      'conductor',
      conductor.wave === null ? 'at rest' : `wave ${conductor.wave.number} (${conductor.wave.trigger})`,
    ],
    ['context', `${bar(tokens, budget, BAR_WIDTH)} ${shortTokens(tokens)}/${shortTokens(budget)} ${level}`],
    ['inbox', `${count(conductor.spill, 'item')} that no wave has seen`],
    ['spent', `$${mission.budget.spent_usd} of ${mission.budget.limit_usd ?? 'no limit'}`],
  ];
  session.terminal.print(session.terminal.paint('bold', oneLine(mission.title, TITLE_CHARACTERS)));
  session.terminal.print(table(rows).join('\n'));
}

function progressText(mission: Mission): string {
  const total = Object.values(mission.counts).reduce((sum, amount) => sum + amount, 0);
  return `${mission.counts.completed}/${total}`;
}

function countsText(mission: Mission): string {
  const filled = Object.entries(mission.counts).filter(([, amount]) => amount > 0);
  return filled.length === 0 ? 'none' : filled.map(([state, amount]) => `${amount} ${state}`).join(', ');
}
