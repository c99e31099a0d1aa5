import { setTimeout as delay } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { PRIORITY_DEFAULT, TASK_STATES, type SubmittedTask, type Task, type TaskSummary } from '#contracts';
import { abortAfter } from '#sdk';
import type { ApiClient } from '../api-client.js';
import { CommandFailure } from '../failure.js';
import { EXIT } from '../exit-codes.js';
import type { Session } from '../session.js';
import { harmless, indented, oneLine, table } from '../text-layout.js';
import {
  collect,
  cursorOption,
  integerBetween,
  jsonOption,
  limitOption,
  type PageOptions,
} from './options.js';

const TITLE_CHARACTERS = 60;
const ENDED_STATES: readonly string[] = ['completed', 'failed', 'canceled'];
const WAIT_SECONDS_DEFAULT = 600;
const WAIT_SECONDS_MAX = 86_400;
const POLL_INTERVAL_MS = 1_000;

interface SubmitOptions {
  readonly json?: true;
  readonly mission?: string;
  readonly instructions: string;
  readonly dependsOn?: string[];
  readonly criterion?: string[];
  readonly worker?: string;
  readonly priority: number;
  readonly key?: string;
  readonly wait?: true | number;
}

export function addTaskCommands(program: Command, session: Session): void {
  const task = program.command('task').description('units of work: rows of the ledger');
  addSubmit(task, session);
  task
    .command('list')
    .description('tasks, newest first')
    .option('--mission <id>', 'only those of this mission')
    .addOption(new Option('--state <state>', 'only those in this state').choices(TASK_STATES))
    .option('--query <words>', 'words of a title, an id, a ref or a key')
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(jsonOption())
    .action((options: ListOptions) => listTasks(session, options));
  task
    .command('get')
    .argument('<id>', 'tsk_…')
    .description('a task with its attempts and its result')
    .addOption(jsonOption())
    .action(async (id: string, options: { json?: true }) => {
      showTask(session, await (await session.client()).getTask(id), options);
    });
  task
    .command('retry')
    .argument('<id>', 'tsk_…')
    .description('do a failed or canceled task again')
    .addOption(jsonOption())
    .action(async (id: string, options: { json?: true }) => {
      showChange(session, await (await session.client()).retryTask(id), options);
    });
  task
    .command('cancel')
    .argument('<id>', 'tsk_…')
    .description('cancel a task; an attempt that is under way is told at once')
    .addOption(jsonOption())
    .action(async (id: string, options: { json?: true }) => {
      showChange(session, await (await session.client()).cancelTask(id), options);
    });
}

function addSubmit(task: Command, session: Session): void {
  task
    .command('submit')
    .argument('<title>')
    .description('hand in a task')
    .option('--mission <id>', "its mission; without one it goes to the tenant's default mission")
    .option('--instructions <text>', 'what is to be done, in full', '')
    .option(
      '--depends-on <task>',
      'key, ref or id of a task that has to complete first; repeat for more',
      collect,
    )
    .option('--criterion <text>', 'an acceptance criterion; repeat for more', collect)
    .option('--worker <pool>', 'the pool that does it; without one the conductor chooses')
    .addOption(
      new Option('--priority <0-4>', '0 is the highest')
        .argParser(integerBetween(0, 4))
        .default(PRIORITY_DEFAULT),
    )
    .option('--key <key>', 'your own name of it: submitting the key again finds the same task')
    .addOption(
      new Option('--wait [seconds]', `until it ends, ${WAIT_SECONDS_DEFAULT} s unless told`).argParser(
        integerBetween(1, WAIT_SECONDS_MAX),
      ),
    )
    .addOption(jsonOption())
    .action((title: string, options: SubmitOptions) => submitTask(session, title, options));
}

async function submitTask(session: Session, title: string, options: SubmitOptions): Promise<void> {
  const client = await session.client();
  const [submitted] = await client.submitTasks(options.mission ?? null, [
    {
      title,
      instructions: options.instructions,
      depends_on: options.dependsOn ?? [],
      acceptance_criteria: options.criterion ?? [],
      worker: options.worker ?? null,
      priority: options.priority,
      key: options.key ?? null,
    },
  ]);
  const id = submittedId(submitted);
  if (options.wait === undefined) {
    const task = await client.getTask(id);
    showChange(session, task, options);
    if (!options.json) session.terminal.note(`next: wavekeeper task get ${task.id}`);
    return;
  }
  const task = await waitForEnd(
    session,
    client,
    id,
    options.wait === true ? WAIT_SECONDS_DEFAULT : options.wait,
  );
  session.terminal.progress('');
  showTask(session, task, options);
  if (!ENDED_STATES.includes(task.state)) {
    session.exitCode = EXIT.timedOut;
    session.terminal.note(`${task.ref} is still ${task.state}; it goes on without you.`);
    session.terminal.note(`next: wavekeeper task get ${id}`);
  } else if (task.state !== 'completed') session.exitCode = EXIT.taskFailed;
}

function submittedId(submitted: SubmittedTask | undefined): string {
  if (submitted !== undefined && 'id' in submitted) return submitted.id;
  const problem = submitted?.problem;
  throw new CommandFailure(
    problem === undefined
      ? 'The service answered nothing for this task.'
      : `${problem.message} (${problem.code})`,
    EXIT.failure,
  );
}

/** The task when it has ended, or as it is when the time is up. */
async function waitForEnd(session: Session, client: ApiClient, id: string, seconds: number): Promise<Task> {
  const timeout = abortAfter(seconds * 1_000);
  for (;;) {
    const task = await client.getTask(id);
    if (ENDED_STATES.includes(task.state)) return task;
    session.terminal.progress(`${task.ref} ${task.state}`);
    const waited = await delay(POLL_INTERVAL_MS, true, { signal: timeout }).catch(() => false);
    if (!waited) return task;
  }
}

interface ListOptions extends PageOptions {
  readonly mission?: string;
  readonly state?: string;
  readonly query?: string;
}

async function listTasks(session: Session, options: ListOptions): Promise<void> {
  const client = await session.client();
  const page = await client.listTasks({
    mission_id: options.mission,
    state: options.state,
    q: options.query,
    limit: options.limit,
    cursor: options.cursor,
  });
  if (options.json) return session.terminal.printJson(page);
  if (page.data.length === 0)
    return session.terminal.note('No tasks fit. Hand one in: wavekeeper task submit "…"');
  session.terminal.print(table(page.data.map(taskRow)).join('\n'));
  if (page.next_cursor !== null) session.terminal.note(`more: --cursor ${page.next_cursor}`);
}

function taskRow(task: TaskSummary): string[] {
  return [task.id, task.ref, task.state, `p${task.priority}`, oneLine(task.title, TITLE_CHARACTERS)];
}

function showChange(session: Session, task: TaskSummary, options: { json?: true }): void {
  if (options.json) return session.terminal.printJson(task);
  session.terminal.print(taskRow(task).join('  '));
}

function showTask(session: Session, task: Task, options: { json?: true }): void {
  if (options.json) return session.terminal.printJson(task);
  session.terminal.print(taskFacts(task).join('\n'));
  if (task.instructions !== '')
    session.terminal.print(`Instructions\n${indented(harmless(task.instructions))}`);
  if (task.result === null) return;
  const { summary, output } = task.result;
  const text = typeof output === 'string' ? output : JSON.stringify(output, null, 2);
  session.terminal.print(`Result\n${indented(harmless(summary))}`);
  if (output !== null && text !== summary) session.terminal.print(`Output\n${indented(harmless(text))}`);
}

function taskFacts(task: Task): string[] {
  const attempts = task.attempts.map(
    (attempt) => `${attempt.number} ${attempt.state} (${attempt.worker ?? attempt.pool})`,
  );
  return table([
    ['task', `${task.ref} ${oneLine(task.title, TITLE_CHARACTERS)}`],
    ['id', task.id],
    ['state', task.state_reason === null ? task.state : `${task.state} (${task.state_reason})`],
    ['mission', task.mission_id],
    ['needs', task.depends_on.join(', ') || 'nothing'],
    ['attempts', attempts.join(', ') || 'none'],
  ]);
}
