import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AttemptFailedError, type AttemptContext, type Handler, type Task } from '#sdk';
import { reportOf, RESULT_FILE_BYTES_MAX, type ResultFile } from './result-from-process.js';
import { runCommand } from './run-command.js';

/** What a command has no business with: it is given one task, not the tenant. */
const WITHHELD_VARIABLES = ['WAVEKEEPER_API_KEY', 'WAVEKEEPER_ADMIN_KEY', 'WAVEKEEPER_MASTER_KEY'];

/**
 * Does each task by a command, which gets the brief on stdin and in a file and is killed, with all it started, when its
 * work is for nothing. Never leaves a process or a file behind.
 */
export function commandHandler(command: readonly string[], environment: NodeJS.ProcessEnv): Handler {
  return async (task, context) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'wavekeeper-attempt-'));
    try {
      const brief = JSON.stringify(context.brief, null, 2);
      const files = { brief: path.join(folder, 'brief.json'), result: path.join(folder, 'result.json') };
      await writeFile(files.brief, brief, { mode: 0o600 });
      const end = await runCommand(command, {
        stdin: brief,
        environment: commandEnvironment(environment, { task, context, files }),
        kill: context.signal,
      });
      const report = reportOf(end, await readResultFile(files.result));
      if (report.verb === 'complete') return report.result;
      throw new AttemptFailedError(report.error.message, report.error);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

function commandEnvironment(
  environment: NodeJS.ProcessEnv,
  given: {
    readonly task: Task;
    readonly context: AttemptContext;
    readonly files: { readonly brief: string; readonly result: string };
  },
): NodeJS.ProcessEnv {
  const { task, context, files } = given;
  const inherited = Object.entries(environment).filter(([name]) => !WITHHELD_VARIABLES.includes(name));
  return {
    ...Object.fromEntries(inherited),
    WAVEKEEPER_BRIEF_FILE: files.brief,
    WAVEKEEPER_RESULT_FILE: files.result,
    WAVEKEEPER_TASK_ID: task.id,
    WAVEKEEPER_TASK_REF: task.ref,
    WAVEKEEPER_ATTEMPT_ID: context.attempt.id,
    WAVEKEEPER_ATTEMPT_NUMBER: String(context.attempt.number),
    WAVEKEEPER_IDEMPOTENCY_KEY: context.brief.attempt.idempotency_key,
  };
}

async function readResultFile(file: string): Promise<ResultFile> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return { kind: 'none' };
  try {
    const { size } = await handle.stat();
    if (size > RESULT_FILE_BYTES_MAX) return { kind: 'too_large', bytes: size };
    return size === 0 ? { kind: 'none' } : { kind: 'written', text: await handle.readFile('utf8') };
  } finally {
    await handle.close();
  }
}
