import { pino, type Logger as PinoLogger } from 'pino';
import { scrub } from './scrub.js';

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'trace'>;

/** What may be said of an error: its name, message, code and stack; never its other fields, which can carry row values. */
function describeError(error: Error): Record<string, string> {
  const code: unknown = Reflect.get(error, 'code');
  return {
    name: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  };
}

/** Fields that hold secrets by their name, wherever a line has them at its top or one level down. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'set-cookie',
  'api_key',
  'apiKey',
  'secret',
  'token',
  'lease_token',
  'password',
];

/** JSON lines on stdout; on a terminal one short line each. Every line is scrubbed of what looks like a secret. */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: SECRET_FIELDS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]),
      censor: '…',
    },
    serializers: { err: describeError },
    hooks: { streamWrite: (line) => (process.stdout.isTTY ? forTerminal(scrub(line)) : scrub(line)) },
  });
}

function forTerminal(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  const failure = err === undefined ? '' : `\n${String((err as Record<string, unknown>).stack)}`;
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${String(msg)} ${fields.join(' ')}${failure}\n`;
}

export const silentLogger: Logger = pino({ level: 'silent' });
