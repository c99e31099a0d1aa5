import os from 'node:os';
import type { Command } from 'commander';
import { LEASE_SECONDS_DEFAULT } from '#contracts';
import { Wavekeeper, worker, type WorkerReport } from '#sdk';
import type { Session } from '../session.js';
import { oneLine } from '../text-layout.js';
import { commandHandler } from '../worker/command-handler.js';
import { integerBetween } from './options.js';

const CONCURRENCY_MAX = 64;
const LEASE_SECONDS_MIN = 10;
const LEASE_SECONDS_MAX = 3_600;
const TASKS_MAX = 1_000_000;
const IDLE_SECONDS_MAX = 86_400;
const STOP_GRACE_MS = 10_000;
const TEXT_CHARACTERS = 100;

interface RunOptions {
  readonly pool: string;
  readonly name: string;
  readonly concurrency: number;
  readonly leaseSeconds: number;
  readonly once?: true;
  readonly maxTasks?: number;
  readonly exitWhenIdle?: number;
}

const COMMAND_HELP = `
The command gets the brief as JSON on stdin and in $WAVEKEEPER_BRIEF_FILE. Its exit code 0 completes the attempt: with
{"summary", "output"} from $WAVEKEEPER_RESULT_FILE when it wrote one, else with what it printed (first line: summary).
Any other exit code fails the attempt, with the last lines of stderr. Also set: WAVEKEEPER_TASK_ID, WAVEKEEPER_TASK_REF,
WAVEKEEPER_ATTEMPT_ID, WAVEKEEPER_ATTEMPT_NUMBER, WAVEKEEPER_IDEMPOTENCY_KEY.

Example: wavekeeper worker run --pool build -- sh -c 'jq -r .task.title | ./build.sh'`;

export function addWorkerCommands(program: Command, session: Session): void {
  program
    .command('worker')
    .description('do tasks with a program of your own')
    .command('run')
    .description('claim tasks of a pool and run a command for each')
    .usage('--pool <pool> [options] -- <command> [arguments...]')
    .argument('<command...>', 'the command and its arguments, after --')
    .requiredOption('--pool <pool>', 'the pool whose tasks it claims')
    .option('--concurrency <n>', 'commands at once', integerBetween(1, CONCURRENCY_MAX), 1)
    .option(
      '--lease-seconds <n>',
      'how long a task waits for a worker that fell silent',
      integerBetween(LEASE_SECONDS_MIN, LEASE_SECONDS_MAX),
      LEASE_SECONDS_DEFAULT,
    )
    .option('--once', 'wait for one task, do it, end')
    .option('--max-tasks <n>', 'end after this many', integerBetween(1, TASKS_MAX))
    .option(
      '--exit-when-idle <seconds>',
      'end after so long without one',
      integerBetween(0, IDLE_SECONDS_MAX),
    )
    .option('--name <name>', 'how attempts show this worker', `${os.hostname()}:${process.pid}`)
    .addHelpText('after', COMMAND_HELP)
    .action((command: string[], options: RunOptions) => run(session, command, options));
}

async function run(session: Session, command: string[], options: RunOptions): Promise<void> {
  const client = await session.client();
  const stop = session.takeOverSignals();
  session.terminal.note(
    `Claiming tasks of pool ${options.pool} from ${client.connection.url}. Ctrl-C stops.`,
  );
  const { pool, name, concurrency, leaseSeconds } = options;
  await worker(
    {
      pool,
      name,
      concurrency,
      leaseSeconds,
      wavekeeper: new Wavekeeper(client.connection),
      homeDir: session.config.homeDir,
      stop: stop.stopping,
      hurry: stop.hurrying,
      stopGraceMs: STOP_GRACE_MS,
      tasksMax: options.once ? 1 : (options.maxTasks ?? null),
      idleSecondsMax: options.exitWhenIdle ?? null,
      onReport: (report) => session.terminal.print(workerLine(report)),
    },
    commandHandler(command, session.environment),
  );
  session.exitCode = stop.exitCode;
}

/** One line about one attempt, about a report from before, or about a service that is away. */
function workerLine(report: WorkerReport): string {
  if (report.kind === 'unreachable') return oneLine(`waiting: ${report.message}`, TEXT_CHARACTERS);
  if (report.kind === 'leftover') return leftoverLine(report);
  const { task, attempt } = report.claim;
  const name = `${task.ref} attempt ${attempt.number}`;
  if (report.kind === 'started') return `${name} started: ${oneLine(task.title, TEXT_CHARACTERS)}`;
  switch (report.end.kind) {
    case 'released':
      return `${name} released`;
    case 'lost':
      return `${name} lost: ${report.end.reason}`;
    case 'unanswered':
      return `${name} kept its result: the service does not answer; it is sent by this or the next worker here`;
    default:
      return `${name} ${report.end.kind}: ${oneLine(report.end.text, TEXT_CHARACTERS)}`;
  }
}

function leftoverLine({ entry, delivery }: Extract<WorkerReport, { kind: 'leftover' }>): string {
  const outcome = delivery.kind === 'refused' ? `refused: ${delivery.code}` : delivery.kind;
  return `${entry.attemptId} from before ${outcome}`;
}
