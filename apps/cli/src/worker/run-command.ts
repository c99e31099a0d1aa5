import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { BrokenWorkerError } from '#sdk';
import { BoundedText } from './bounded-text.js';
import type { ProcessEnd } from './result-from-process.js';

/**
 * Bounds of what is kept of a command's output, in characters. JSON writes one character in at most six bytes, so that
 * a whole output is at most 768 kB of the 1 MiB that a result may have.
 */
const STDOUT_LIMITS = { headMax: 98_304, tailMax: 32_768 };
const STDERR_LIMITS = { headMax: 0, tailMax: 16_384 };
/** Between asking a command to end and ending it. */
const KILL_GRACE_MS = 5_000;
/** The group is gone; macOS says EPERM when only its zombies are left. */
const GONE_CODES: readonly (string | undefined)[] = ['ESRCH', 'EPERM'];

/** The command itself could not be started: no attempt's fault, and no other attempt would fare better. */
class CommandNotStartedError extends BrokenWorkerError {
  constructor(program: string, cause: unknown) {
    super(`Cannot start ${program}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

export interface CommandOptions {
  readonly stdin: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Ends the command and all it started: SIGTERM to the process group, then SIGKILL. */
  readonly kill: AbortSignal;
}

/** Runs a command in a process group of its own; resolves when it has ended and nothing of its group is left. */
export async function runCommand(command: readonly string[], options: CommandOptions): Promise<ProcessEnd> {
  const [program = '', ...programArguments] = command;
  const child = spawn(program, programArguments, {
    env: options.environment,
    stdio: 'pipe',
    detached: true,
  });
  const stdout = new BoundedText(STDOUT_LIMITS);
  const stderr = new BoundedText(STDERR_LIMITS);
  child.stdout.setEncoding('utf8').on('data', (piece: string) => stdout.add(piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => stderr.add(piece));
  // A command need not read its brief from stdin.
  child.stdin.on('error', () => {}).end(options.stdin);
  const [exitCode, signal] = await endOf(child, program, options.kill);
  return { exitCode, signal, stdout: stdout.text(), stderr: stderr.text() };
}

async function endOf(
  child: ChildProcess,
  program: string,
  kill: AbortSignal,
): Promise<[exitCode: number | null, signal: string | null]> {
  let killTimer: NodeJS.Timeout | undefined;
  const end = () => {
    signalGroup(child, 'SIGTERM');
    killTimer = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_GRACE_MS);
  };
  // What the command left running would keep its output open, and work without a lease.
  child.once('exit', () => signalGroup(child, 'SIGKILL'));
  kill.addEventListener('abort', end);
  if (kill.aborted) end();
  try {
    const [exitCode, signal] = (await once(child, 'close')) as [number | null, string | null];
    return [exitCode, signal];
  } catch (cause) {
    throw new CommandNotStartedError(program, cause);
  } finally {
    kill.removeEventListener('abort', end);
    clearTimeout(killTimer);
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (!GONE_CODES.includes((error as NodeJS.ErrnoException).code)) throw error;
  }
}
