import os from 'node:os';
import path from 'node:path';
import type { z } from 'zod';
import { settingsSchema, type Settings } from './settings.js';

export type QueueBackend = 'redis' | 'postgres' | 'none';
export type Role = 'api' | 'worker';
export type DigestWriter = 'model' | 'extractive';

/** What the settings amount to. Durations are in the unit their name ends with. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** Null means local mode: an embedded Postgres under the home. */
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  readonly queue: QueueBackend;
  readonly homeDir: string;
  readonly roles: readonly Role[];
  readonly adminKey: string | null;
  readonly masterKey: string | null;
  readonly previousMasterKey: string | null;
  readonly anthropicApiKey: string | null;
  readonly anthropicBaseUrl: string | null;
  readonly unprovedRequests: Settings['WAVEKEEPER_UNPROVED_REQUESTS'];
  readonly digestWriter: DigestWriter;
  readonly webhookScheduleSeconds: readonly number[];
  /** Null means the default of the mode: loopback in local mode, else nothing private. */
  readonly webhookAllowCidrs: readonly string[] | null;
  readonly waveSlots: number;
  readonly attemptSlots: number;
  readonly deliverySlots: number;
  readonly sweepIntervalMs: number;
  readonly contextDays: number;
  readonly logLevel: Settings['LOG_LEVEL'];
  readonly metrics: boolean;
  /** Whether an OpenTelemetry collector is to hear of what happens. */
  readonly collector: boolean;
  readonly simulatorScript: string | null;
  readonly crashAt: string | null;
  readonly clientUrl: string | null;
  readonly clientApiKey: string | null;
}

/** A setting that does not fit; the message names each with what is wrong and is meant for a terminal. */
export class InvalidSettingsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The environment does not fit:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** Reads the environment once. Empty variables count as unset, except the allow-list, where empty means none. */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) => value !== '' || name === 'WAVEKEEPER_WEBHOOK_ALLOW_CIDRS',
    ),
  );
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) throw new InvalidSettingsError(problemsOf(parsed.error));
  return configFrom(parsed.data);
}

/** Null says "not set" where a setting has no default. */
function orNull<Value>(value: Value | undefined): Value | null {
  return value ?? null;
}

function configFrom(settings: Settings): Config {
  const queue = resolveQueue(settings);
  if (queue === 'redis' && settings.REDIS_URL === undefined)
    throw new InvalidSettingsError([
      'WAVEKEEPER_QUEUE=redis needs REDIS_URL, such as redis://127.0.0.1:6379',
    ]);
  if (!isLoopback(settings.HOST) && !(settings.WAVEKEEPER_ADMIN_KEY && settings.WAVEKEEPER_MASTER_KEY))
    throw new InvalidSettingsError([
      `HOST=${settings.HOST} is reachable from outside: set WAVEKEEPER_ADMIN_KEY and WAVEKEEPER_MASTER_KEY yourself (openssl rand -hex 32)`,
    ]);
  return {
    port: settings.PORT,
    host: settings.HOST,
    databaseUrl: orNull(settings.DATABASE_URL),
    redisUrl: orNull(settings.REDIS_URL),
    queue,
    homeDir: path.resolve(settings.WAVEKEEPER_HOME ?? path.join(os.homedir(), '.wavekeeper')),
    roles: settings.WAVEKEEPER_ROLES,
    adminKey: orNull(settings.WAVEKEEPER_ADMIN_KEY),
    masterKey: orNull(settings.WAVEKEEPER_MASTER_KEY),
    previousMasterKey: orNull(settings.WAVEKEEPER_MASTER_KEY_PREVIOUS),
    anthropicApiKey: orNull(settings.ANTHROPIC_API_KEY),
    anthropicBaseUrl: orNull(settings.ANTHROPIC_BASE_URL),
    unprovedRequests: settings.WAVEKEEPER_UNPROVED_REQUESTS,
    digestWriter: resolveDigestWriter(settings),
    webhookScheduleSeconds: settings.WAVEKEEPER_WEBHOOK_SCHEDULE,
    webhookAllowCidrs: orNull(settings.WAVEKEEPER_WEBHOOK_ALLOW_CIDRS),
    waveSlots: settings.WAVEKEEPER_WAVE_SLOTS,
    attemptSlots: settings.WAVEKEEPER_ATTEMPT_SLOTS,
    deliverySlots: settings.WAVEKEEPER_DELIVERY_SLOTS,
    sweepIntervalMs: settings.WAVEKEEPER_SWEEP_SECONDS * 1_000,
    contextDays: settings.WAVEKEEPER_CONTEXT_DAYS,
    logLevel: settings.LOG_LEVEL,
    metrics: settings.WAVEKEEPER_METRICS === 'on',
    collector: settings.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
    simulatorScript: orNull(settings.WAVEKEEPER_SIMULATOR_SCRIPT),
    crashAt: settings.NODE_ENV === 'production' ? null : orNull(settings.WAVEKEEPER_CRASH_AT),
    clientUrl: orNull(settings.WAVEKEEPER_URL),
    clientApiKey: orNull(settings.WAVEKEEPER_API_KEY),
  };
}

function resolveDigestWriter(settings: Settings): DigestWriter {
  if (settings.WAVEKEEPER_DIGEST_WRITER !== 'auto') return settings.WAVEKEEPER_DIGEST_WRITER;
  return settings.ANTHROPIC_API_KEY === undefined ? 'extractive' : 'model';
}

function resolveQueue(settings: Settings): QueueBackend {
  if (settings.WAVEKEEPER_QUEUE !== 'auto') return settings.WAVEKEEPER_QUEUE;
  return settings.REDIS_URL === undefined ? 'postgres' : 'redis';
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function problemsOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
}
