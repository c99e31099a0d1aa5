import { z } from 'zod';

/** Delays before each try of a webhook, in seconds: 75.6 hours in all. */
const WEBHOOK_SCHEDULE_SECONDS = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

const integer = (min: number, max: number) =>
  z.string().trim().regex(/^\d+$/, 'is not a whole number').transform(Number).pipe(z.int().min(min).max(max));
const list = z.string().transform((text) => text.split(',').map((part) => part.trim()));

/**
 * Every environment variable that the service reads, in one table: name, form, default, meaning. Boot fails on a
 * value that does not fit; the reference page of the documentation is made from this table.
 */
export const settingsSchema = z.object({
  PORT: integer(0, 65_535).default(7070).describe('port of the HTTP API; 0 picks a free one'),
  HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  DATABASE_URL: z
    .url()
    .optional()
    .describe("Postgres, with its owner's login; unset: an embedded Postgres under WAVEKEEPER_HOME"),
  REDIS_URL: z.url().optional().describe('Redis for the queue; unset: the queue lives in Postgres'),
  WAVEKEEPER_QUEUE: z
    .enum(['auto', 'redis', 'postgres', 'none'])
    .default('auto')
    .describe('auto: redis when REDIS_URL is set, else postgres; none: poll only'),
  WAVEKEEPER_HOME: z.string().optional().describe('data, logs and credentials; unset: ~/.wavekeeper'),
  WAVEKEEPER_ROLES: list
    .pipe(z.array(z.enum(['api', 'worker'])).min(1))
    .default(['api', 'worker'])
    .describe('which parts this process runs: api, worker'),
  WAVEKEEPER_ADMIN_KEY: z
    .string()
    .min(20)
    .optional()
    .describe("the operator's key; unset: generated at first start, kept in the home"),
  WAVEKEEPER_MASTER_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'is not 64 hexadecimal digits; make one with: openssl rand -hex 32')
    .optional()
    .describe(
      "32 bytes in hexadecimal that seal tenants' secrets; unset: generated at first start, kept in the home",
    ),
  WAVEKEEPER_MASTER_KEY_PREVIOUS: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'is not 64 hexadecimal digits')
    .optional()
    .describe(
      'the master key before this one: still opens what it sealed, until wavekeeper keys rotate has run',
    ),
  ANTHROPIC_API_KEY: z.string().min(1).optional().describe('unset: the bundled simulator answers'),
  ANTHROPIC_BASE_URL: z.url().optional().describe('another address of the Messages API'),
  WAVEKEEPER_UNPROVED_REQUESTS: z
    .enum(['send', 'refuse'])
    .default('send')
    .describe(
      'what becomes of a model request whose size is only estimated, where the provider cannot count',
    ),
  WAVEKEEPER_DIGEST_WRITER: z
    .enum(['auto', 'model', 'extractive'])
    .default('auto')
    .describe(
      'who words digests of finished work: model: a model rewords what the ledger wrote; extractive: none does; auto: model when ANTHROPIC_API_KEY is set',
    ),
  WAVEKEEPER_WEBHOOK_SCHEDULE: list
    .pipe(z.array(integer(0, 604_800)).max(30))
    .default(WEBHOOK_SCHEDULE_SECONDS)
    .describe(
      'seconds before each try of a webhook, comma-separated; an endpoint that failed five times in a row is probed every 60 s, or every so many seconds as the longest of these',
    ),
  WAVEKEEPER_WEBHOOK_ALLOW_CIDRS: z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .optional()
    .describe('private networks webhooks may reach; unset: loopback in local mode, else none; empty: none'),
  WAVEKEEPER_WAVE_SLOTS: integer(1, 64).default(4).describe('waves this process runs at once'),
  WAVEKEEPER_ATTEMPT_SLOTS: integer(1, 256)
    .default(8)
    .describe('built-in attempts this process runs at once'),
  WAVEKEEPER_DELIVERY_SLOTS: integer(1, 256)
    .default(64)
    .describe('webhooks this process sends at once; a tenant may hold 16 of them, an endpoint 4'),
  WAVEKEEPER_SWEEP_SECONDS: integer(1, 60).default(5).describe('how often the ledger is swept for due work'),
  WAVEKEEPER_CONTEXT_DAYS: integer(1, 3_650)
    .default(30)
    .describe('days for which the exact bytes of a wave’s requests are kept; its sections and blocks stay'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('least level of a log line'),
  WAVEKEEPER_METRICS: z
    .enum(['off', 'on'])
    .default('off')
    .describe(
      'on: measurements at /metrics in the text format of Prometheus; a process without an API serves them at PORT',
    ),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url()
    .optional()
    .describe(
      'an OpenTelemetry collector that gets spans, and measurements where WAVEKEEPER_METRICS is off; the other OTEL_* mean what OpenTelemetry says',
    ),
  NODE_ENV: z.string().optional().describe('production turns the crash points off'),
  WAVEKEEPER_SIMULATOR_SCRIPT: z
    .string()
    .optional()
    .describe('tests: a JSON file of faults and policies for the simulator'),
  WAVEKEEPER_CRASH_AT: z
    .string()
    .regex(/^[a-z0-9_.-]+#[1-9][0-9]*$/, 'is not <label>#<n>')
    .optional()
    .describe('tests: kill this process at the n-th passing of a named point, as label#n'),
  WAVEKEEPER_URL: z.url().optional().describe('CLI: the service to talk to'),
  WAVEKEEPER_API_KEY: z.string().optional().describe('CLI: the key to use'),
});

export type Settings = z.infer<typeof settingsSchema>;
