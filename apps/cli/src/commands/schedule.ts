import { Option, type Command } from 'commander';
import { CATCH_UPS, PRIORITY_DEFAULT, type CatchUp, type Schedule, type ScheduleState } from '#contracts';
import type { Session } from '../session.js';
import { count, oneLine, table } from '../text-layout.js';
import {
  collect,
  cursorOption,
  integerBetween,
  jsonOption,
  limitOption,
  type PageOptions,
} from './options.js';

const TITLE_CHARACTERS = 50;

interface CreateOptions {
  readonly json?: true;
  readonly cron: string;
  readonly timeZone: string;
  readonly catchUp: CatchUp;
  readonly instructions: string;
  readonly criterion?: string[];
  readonly worker?: string;
  readonly priority: number;
}

export function addScheduleCommands(program: Command, session: Session): void {
  const schedule = program.command('schedule').description('tasks that come again');
  addCreate(schedule, session);
  schedule
    .command('list')
    .argument('<mission>', 'msn_…')
    .description('the schedules of a mission, newest first')
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(jsonOption())
    .action((missionId: string, options: PageOptions) => listSchedules(session, missionId, options));
  for (const [action, { state, description }] of Object.entries(MOVES))
    schedule
      .command(action)
      .argument('<id>', 'sch_…')
      .description(description)
      .addOption(jsonOption())
      .action((id: string, options: { json?: true }) => move(session, id, state, options));
  schedule
    .command('delete')
    .argument('<id>', 'sch_…')
    .description('remove it; the tasks that it made stay')
    .action(async (id: string) => {
      await (await session.client()).deleteSchedule(id);
      session.terminal.note(`${id} is removed.`);
    });
}

const MOVES: Record<string, { readonly state: ScheduleState; readonly description: string }> = {
  pause: { state: 'paused', description: 'make no more tasks' },
  resume: { state: 'active', description: 'go on with its next moment' },
};

function addCreate(schedule: Command, session: Session): void {
  schedule
    .command('create')
    .argument('<mission>', 'msn_…')
    .argument('<title>', 'the title of each task')
    .description('hand in a task again and again')
    .requiredOption(
      '--cron <fields>',
      'minute, hour, day, month, day of the week, such as "30 6 * * 1-5", or @daily',
    )
    .option('--time-zone <name>', 'the clocks that count, such as Europe/Berlin', 'UTC')
    .addOption(
      new Option('--catch-up <what>', 'the tasks for what was missed in an outage or a pause')
        .choices(CATCH_UPS)
        .default('none'),
    )
    .option('--instructions <text>', 'what is to be done, in full', '')
    .option('--criterion <text>', 'an acceptance criterion; repeat for more', collect)
    .option('--worker <pool>', 'the pool that does it; without one the conductor chooses')
    .addOption(
      new Option('--priority <0-4>', '0 is the highest')
        .argParser(integerBetween(0, 4))
        .default(PRIORITY_DEFAULT),
    )
    .addOption(jsonOption())
    .action((missionId: string, title: string, options: CreateOptions) =>
      createSchedule(session, { missionId, title, options }),
    );
}

async function createSchedule(
  session: Session,
  given: { readonly missionId: string; readonly title: string; readonly options: CreateOptions },
): Promise<void> {
  const { missionId, title, options } = given;
  const client = await session.client();
  const created = await client.createSchedule(missionId, {
    cron: options.cron,
    time_zone: options.timeZone,
    catch_up: options.catchUp,
    task: {
      title,
      instructions: options.instructions,
      acceptance_criteria: options.criterion ?? [],
      worker: options.worker ?? null,
      priority: options.priority,
    },
  });
  showSchedule(session, created, options);
}

async function listSchedules(session: Session, missionId: string, options: PageOptions): Promise<void> {
  const client = await session.client();
  const page = await client.listSchedules(missionId, { limit: options.limit, cursor: options.cursor });
  if (options.json) return session.terminal.printJson(page);
  if (page.data.length === 0)
    return session.terminal.note('No schedules. Make one: wavekeeper schedule create …');
  session.terminal.print(table(page.data.map(cellsOf)).join('\n'));
  if (page.next_cursor !== null) session.terminal.note(`more: --cursor ${page.next_cursor}`);
}

async function move(
  session: Session,
  id: string,
  state: ScheduleState,
  options: { readonly json?: true },
): Promise<void> {
  showSchedule(session, await (await session.client()).updateSchedule(id, { state }), options);
}

function showSchedule(session: Session, schedule: Schedule, options: { readonly json?: true }): void {
  if (options.json) return session.terminal.printJson(schedule);
  session.terminal.print(table([cellsOf(schedule)]).join('\n'));
}

function cellsOf(schedule: Schedule): string[] {
  return [
    schedule.id,
    schedule.state,
    `${oneLine(schedule.cron, TITLE_CHARACTERS)} ${oneLine(schedule.time_zone, TITLE_CHARACTERS)}`,
    schedule.next_run_at === null ? 'no next run' : `next ${schedule.next_run_at}`,
    count(schedule.runs, 'run'),
    oneLine(schedule.task.title, TITLE_CHARACTERS),
  ];
}
