import { EXIT } from './exit-codes.js';
import { runProgram } from './program.js';
import { Session } from './session.js';
import { StopSwitch } from './stop-switch.js';
import { Terminal } from './terminal.js';

const terminal = new Terminal({ stdout: process.stdout, stderr: process.stderr });
let stopSwitch: StopSwitch | null = null;

function takeOverSignals(): StopSwitch {
  if (stopSwitch !== null) return stopSwitch;
  const created = new StopSwitch();
  process.on('SIGINT', () => created.press(EXIT.interrupted));
  process.on('SIGTERM', () => created.press(EXIT.ok));
  stopSwitch = created;
  return created;
}

// `wavekeeper task list | head` closes the pipe early: that is the reader's right, and no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (stopSwitch === null) process.exit(EXIT.ok);
  stopSwitch.press(EXIT.ok);
});

process.exitCode = await runProgram(
  new Session(process.env, terminal, takeOverSignals),
  process.argv.slice(2),
);
