import { CommanderError } from 'commander';
import { InvalidSettingsError } from '#config';
import { NoServiceError as NoServiceForWorkerError, WavekeeperError } from '#sdk';
import { ApiProblemError, NoServiceError } from './transport.js';
import { EXIT } from './exit-codes.js';
import { harmless } from './text-layout.js';

/** A command that cannot do what it was asked: what happened, what to do next, and what the process ends with. */
export class CommandFailure extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
    readonly nextStep: string | null = null,
  ) {
    super(message);
  }
}

export interface FailureReport {
  readonly exitCode: number;
  /** Lines for stderr; empty when what failed has already said so. */
  readonly message: string;
}

/** What a person reads, and a script receives, when a command throws. */
export function explainFailure(error: unknown): FailureReport {
  if (error instanceof CommanderError)
    return { exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage, message: '' };
  if (error instanceof CommandFailure) return report(error.exitCode, error.message, error.nextStep);
  if (error instanceof NoServiceError || error instanceof NoServiceForWorkerError)
    return report(EXIT.failure, `No service at ${error.url}.`, 'Start one: npm start');
  if (error instanceof ApiProblemError)
    return report(exitCodeOf(error.status), problemText(error), nextStepOf(error));
  if (error instanceof WavekeeperError)
    return explainFailure(new ApiProblemError({ ...error.problem, retryAfterMs: error.retryAfterMs }));
  if (error instanceof InvalidSettingsError) return report(EXIT.usage, error.message, null);
  return report(EXIT.failure, error instanceof Error ? error.message : String(error), null);
}

function report(exitCode: number, message: string, nextStep: string | null): FailureReport {
  const lines = [`error: ${harmless(message)}`, ...(nextStep === null ? [] : [`next: ${nextStep}`])];
  return { exitCode, message: lines.join('\n') };
}

function exitCodeOf(status: number): number {
  if (status === 404) return EXIT.notFound;
  if (status === 401 || status === 403) return EXIT.auth;
  if (status === 409 || status === 412) return EXIT.conflict;
  return EXIT.failure;
}

function problemText(error: ApiProblemError): string {
  const fields = error.fields.map((field) => `  ${field.pointer} ${field.message}`);
  return [`${error.message} (${error.status} ${error.code})`, ...fields].join('\n');
}

function nextStepOf(error: ApiProblemError): string | null {
  switch (error.status) {
    case 401:
      return "Set WAVEKEEPER_API_KEY, or WAVEKEEPER_HOME to the home of the service's credentials.json.";
    case 403:
      return 'Use a key that has this scope; POST /v1/api-keys makes one.';
    case 404:
      return 'See what there is: wavekeeper mission list, wavekeeper task list';
    case 409:
      return 'Read its state first: wavekeeper task get ID, wavekeeper mission status ID';
    case 429:
      return 'Too many requests: wait, then send it again.';
    default:
      return error.retryable ? 'Send it again; if it stays, read the log of the service.' : null;
  }
}
