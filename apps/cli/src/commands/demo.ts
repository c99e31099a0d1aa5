import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { ApiClient } from '../api-client.js';
import { credentialsPath } from '../credentials.js';
import { parseBacklog } from '../demo/backlog.js';
import { demoVerdict, nextSteps, shellReadingKey, type ServicePlace } from '../demo/conclusion.js';
import { summaryLines } from '../demo/demo-report.js';
import { findOrStartService, type LocalService } from '../demo/local-service.js';
import { runDemo, type DemoMission, type DemoResult } from '../demo/run-demo.js';
import { waveLine } from '../demo/wave-line.js';
import { EXIT } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';
import { packageRoot } from '../package-root.js';
import type { Session } from '../session.js';
import { count } from '../text-layout.js';
import { integerBetween, jsonOption } from './options.js';

const LIMIT_MAX = 100_000;
const OWN_BACKLOG = path.join('examples', 'photo-archive.ndjson');

interface Options {
  readonly backlog?: string;
  readonly limit: number;
  readonly json?: true;
  readonly keep?: true;
  readonly live?: true;
}

export function addDemoCommand(program: Command, session: Session): void {
  program
    .command('demo')
    .description('one mission from its first task to the last verified webhook, in this terminal')
    .option(
      '--backlog <file>',
      'tasks as NDJSON: key, title, instructions, priority, depends_on, kind, outcome',
    )
    .option('--limit <n>', 'only the first n tasks', integerBetween(1, LIMIT_MAX), LIMIT_MAX)
    .option('--keep', 'leave the service running if the demo started it')
    .option('--live', 'let it call the real model with ANTHROPIC_API_KEY, which costs money')
    .addOption(jsonOption())
    .action((options: Options) => demo(session, options));
}

async function demo(session: Session, options: Options): Promise<void> {
  if (options.live && session.config.anthropicApiKey === null)
    throw new CommandFailure('--live needs ANTHROPIC_API_KEY.', EXIT.usage);
  const mission = await readMission(options);
  const { stopping } = session.takeOverSignals();
  const service = await findOrStartService(session, { live: options.live ?? false, stopping }).catch(
    (error: unknown) => {
      throw stopping.aborted ? interrupted() : error;
    },
  );
  try {
    const result = await runIn(session, service, mission, options).catch((error: unknown) => {
      throw stopping.aborted ? interrupted() : error;
    });
    conclude(session, service, result, options);
  } finally {
    if (!options.keep) await service.stop();
  }
}

async function readMission(options: Options): Promise<DemoMission> {
  const file = options.backlog ?? path.join(packageRoot(), OWN_BACKLOG);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CommandFailure(`Cannot read the backlog: ${(error as Error).message}`, EXIT.usage);
  });
  const tasks = parseBacklog(text, options.limit);
  if (options.backlog !== undefined)
    return {
      title: `Backlog ${path.basename(file)}`,
      objective: 'Get every task of this backlog done, each after the tasks that it depends on.',
      tasks,
    };
  return {
    title: 'Move the photo archive to the new server',
    objective:
      'Move 412 GB of photographs from the old file server to the new one without losing a picture, a date or a caption. The old server is switched off at the end of the month.',
    tasks,
  };
}

function runIn(
  session: Session,
  service: LocalService,
  mission: DemoMission,
  options: Options,
): Promise<DemoResult> {
  const { terminal } = session;
  const { stopping } = session.takeOverSignals();
  const print = (line: string) => (options.json ? undefined : terminal.print(line));
  print(`${terminal.paint('bold', mission.title)}  ${count(mission.tasks.length, 'task')}`);
  return runDemo({
    client: new ApiClient(service.connection),
    mission,
    stopping,
    onMission: (id) => print(terminal.paint('dim', `${id} at ${service.connection.url}`)),
    onWave: (wave) => print(waveLine(wave)),
    onProgress: (text) => terminal.progress(text),
  });
}

function conclude(session: Session, service: LocalService, result: DemoResult, options: Options): void {
  const { terminal } = session;
  terminal.progress('');
  if (options.json) terminal.printJson(result.report);
  else {
    terminal.print(`\n${summaryLines(result).join('\n')}\n`);
    terminal.print(nextSteps(placeOf(session, service, options), result).join('\n'));
  }
  const verdict = demoVerdict(result);
  if (verdict.complaint !== null) terminal.note(verdict.complaint);
  session.exitCode = verdict.exitCode;
}

function placeOf(session: Session, service: LocalService, options: Options): ServicePlace {
  const { config } = session;
  return {
    url: service.connection.url,
    startedPid: service.pid,
    keepsRunning: service.pid === null || options.keep === true,
    keyInShell:
      config.clientApiKey === null ? shellReadingKey(credentialsPath(config.homeDir)) : '$WAVEKEEPER_API_KEY',
  };
}

function interrupted(): CommandFailure {
  return new CommandFailure('Stopped before the end. The mission stays in the ledger.', EXIT.interrupted);
}
