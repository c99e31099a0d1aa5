import {
  RESULT_SUMMARY_CHARACTERS_MAX,
  resultInputSchema,
  toStorableText,
  type AttemptError,
  type ResultInput,
} from '#contracts';
import { z } from 'zod';

/** An attempt's result is at most 1 MiB of JSON; what is around it needs room too. */
export const RESULT_FILE_BYTES_MAX = 1_000_000;
const ERROR_LINES_MAX = 20;
const ERROR_CHARACTERS_MAX = 3_500;

/** How a command ended. `exitCode` is null when a signal ended it. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What stands in the result file: nothing, its text, or more than may be sent. */
export type ResultFile =
  | { readonly kind: 'none' }
  | { readonly kind: 'written'; readonly text: string }
  | { readonly kind: 'too_large'; readonly bytes: number };

export type AttemptReport =
  | { readonly verb: 'complete'; readonly result: ResultInput }
  | { readonly verb: 'fail'; readonly error: AttemptError };

/**
 * What a command's end says about its attempt: success is exit code 0, its result the file when one was written, else
 * stdout. Failures may be tried again: a program cannot tell by its exit code that it never will succeed.
 */
export function reportOf(end: ProcessEnd, file: ResultFile): AttemptReport {
  if (end.exitCode !== 0) return failed(`${endText(end)}${lastLines(end.stderr)}`);
  switch (file.kind) {
    case 'none':
      return { verb: 'complete', result: resultFromOutput(end.stdout) };
    case 'too_large':
      return failed(`The result file is ${file.bytes} bytes; at most ${RESULT_FILE_BYTES_MAX} can be sent.`);
    case 'written':
      return reportOfFile(file.text);
  }
}

function reportOfFile(text: string): AttemptReport {
  try {
    const parsed = resultInputSchema.safeParse(JSON.parse(text));
    if (parsed.success) return { verb: 'complete', result: parsed.data };
    return failed(`The result file is no result:\n${z.prettifyError(parsed.error)}`);
  } catch {
    return failed('The result file is not JSON. It is to be {"summary": "…", "output": …}.');
  }
}

function resultFromOutput(stdout: string): ResultInput {
  const firstLine = stdout.split('\n').find((line) => line.trim() !== '');
  const summary = firstLine?.trim() ?? 'The command ended well and wrote nothing.';
  return { summary: cut(summary, RESULT_SUMMARY_CHARACTERS_MAX), output: stdout, artifacts: [] };
}

function endText(end: ProcessEnd): string {
  if (end.signal !== null) return `The command was ended by ${end.signal}.`;
  return `The command ended with exit code ${end.exitCode}.`;
}

function lastLines(stderr: string): string {
  const lines = stderr.trimEnd().split('\n').slice(-ERROR_LINES_MAX).join('\n');
  return lines === '' ? '' : `\n${lines.slice(-ERROR_CHARACTERS_MAX)}`;
}

function failed(message: string): AttemptReport {
  return { verb: 'fail', error: { message: cut(message, 4_000), retryable: true } };
}

function cut(text: string, charactersMax: number): string {
  return toStorableText(text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`);
}
