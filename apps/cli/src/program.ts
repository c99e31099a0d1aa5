import { Command } from 'commander';
import { addCompletionCommand } from './commands/completion.js';
import { addConductorCommands } from './commands/conductor.js';
import { addDemoCommand } from './commands/demo.js';
import { addDigestCommands } from './commands/digest.js';
import { addDirectiveCommands } from './commands/directive.js';
import { addImportCommand } from './commands/import.js';
import { addInputRequestCommands } from './commands/input-request.js';
import { addMcpCommand } from './commands/mcp.js';
import { addMessagesCommand } from './commands/messages.js';
import { addMissionCommands } from './commands/mission.js';
import { addServiceCommands } from './commands/service.js';
import { addScheduleCommands } from './commands/schedule.js';
import { addTaskCommands } from './commands/task.js';
import { addWatchCommand } from './commands/watch.js';
import { addWaveCommands } from './commands/wave.js';
import { addWebhookCommands } from './commands/webhook.js';
import { addWorkerCommands } from './commands/worker.js';
import { explainFailure } from './failure.js';
import { readPackageVersion } from './package-root.js';
import type { Session } from './session.js';

const EXIT_CODES_HELP = `
Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 auth, 5 conflict, 6 timed out, 7 task failed, 130 Ctrl-C.
Talks to WAVEKEEPER_URL with WAVEKEEPER_API_KEY, else to the service of $WAVEKEEPER_HOME/credentials.json.`;

/** Runs one command line (without `node` and the script) and returns what the process is to end with. */
export async function runProgram(session: Session, commandLine: readonly string[]): Promise<number> {
  try {
    await buildProgram(session).parseAsync(commandLine, { from: 'user' });
    return session.exitCode;
  } catch (error) {
    const failure = explainFailure(error);
    session.terminal.progress('');
    if (failure.message !== '') session.terminal.note(failure.message);
    return failure.exitCode;
  }
}

/** Every command there is. Usage errors throw commander's error instead of ending the process. */
function buildProgram(session: Session): Command {
  const program = new Command('wavekeeper')
    .description(
      'Short-lived orchestrators for long-lived agent work, coordinated through a durable task ledger.',
    )
    .version(readPackageVersion())
    .addHelpText('after', EXIT_CODES_HELP)
    .showHelpAfterError('Try --help.')
    .configureOutput({
      writeOut: (text) => session.terminal.print(text.trimEnd()),
      writeErr: (text) => session.terminal.note(text.trimEnd()),
    })
    .exitOverride();
  addServiceCommands(program, session);
  addDemoCommand(program, session);
  addMissionCommands(program, session);
  addTaskCommands(program, session);
  addScheduleCommands(program, session);
  addInputRequestCommands(program, session);
  addWatchCommand(program, session);
  addMessagesCommand(program, session);
  addDirectiveCommands(program, session);
  addConductorCommands(program, session);
  addWaveCommands(program, session);
  addDigestCommands(program, session);
  addWorkerCommands(program, session);
  addWebhookCommands(program, session);
  addMcpCommand(program, session);
  addImportCommand(program, session);
  addCompletionCommand(program, session);
  return program;
}
