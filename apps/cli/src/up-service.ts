import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '#config';
import { EventNotices, tellOfEvents, type Transactions } from '#database';
import {
  readLoad,
  startDispatch,
  type RunningDispatch,
  type TicketHandlers,
  type TicketSlots,
} from '#dispatch';
import { ModelGateway } from '#model';
import { observe, type AnswerScrape, type Logger } from '#telemetry';
import { openModelCredential, SecretBox } from '#tenancy';
import {
  countDueDeliveries,
  judgeTarget,
  parseAllowedNetworks,
  SafeFetch,
  type AllowedNetwork,
} from '#webhooks';
import { createApiApp } from '../../api/src/index.js';
import { createHandlers } from '../../worker/src/index.js';
import { packageRoot } from './package-root.js';

const LOOPBACK_NETWORKS = ['127.0.0.0/8', '::1/128'];
/** Digests that a model rewords at once: a luxury, which is to keep nothing else from the provider. */
const DIGEST_SLOTS = 1;
/** The ledger is read for its gauges no more often. */
const GAUGES_EVERY_MS = 5_000;
/** What is in hand when a stop is asked for may take so long to finish; then it is given back. */
const DRAIN_MS_MAX = 12_000;
/** After so long in all nothing is waited for any more: leases run out by themselves. */
const STOP_MS_MAX = 18_000;

export interface ServiceOptions {
  readonly config: Config;
  readonly transactions: Transactions;
  /** The owner's login. */
  readonly databaseUrl: string;
  readonly secrets: {
    readonly adminKey: string;
    readonly masterKey: string;
    readonly previousMasterKey: string | null;
  };
  readonly model: { readonly apiKey: string; readonly baseUrl: string };
  readonly logger: Logger;
  /** Null when nothing is kept to be scraped. */
  readonly answerScrape: AnswerScrape | null;
}

export interface RunningService {
  /** One sweep of the ledger, for tests that do not want to wait for the next. */
  tick(): Promise<void>;
  /** Stops taking work, finishes or gives back what is in hand, closes every connection. */
  stop(): Promise<void>;
}

/** The composition root: every part of the service in one process, according to its roles. */
export async function runService(options: ServiceOptions): Promise<RunningService> {
  const { config, databaseUrl, transactions, logger } = options;
  const shutdown = new AbortController();
  const allowedNetworks = allowedNetworksOf(config);
  const safeFetch = new SafeFetch({ allowedNetworks });
  const gateway = openGateway(options);
  const dispatch = await startDispatch({
    config,
    databaseUrl,
    transactions,
    logger,
    handlers: config.roles.includes('worker') ? handlersOf(options, { gateway, safeFetch, shutdown }) : null,
    slots: slotsOf(config),
    countDueDeliveries,
  });
  const stopTelling = tellOfEvents(transactions, logger);
  observe(() => readLoad(transactions, countDueDeliveries), GAUGES_EVERY_MS);
  const api = config.roles.includes('api') ? await startApi(options, { gateway, allowedNetworks }) : null;
  return {
    tick: () => dispatch.dispatcher.tick(),
    stop: async () => {
      await api?.close();
      await drain(dispatch, shutdown);
      stopTelling();
      await safeFetch.close();
    },
  };
}

/** One for all parts of this process, so that each heeds a pause that the provider asked another for. */
function openGateway({ config, transactions, model, secrets }: ServiceOptions): ModelGateway {
  const secretBox = new SecretBox(secrets.masterKey, secrets.previousMasterKey);
  return new ModelGateway({
    transactions,
    unprovedRequests: config.unprovedRequests,
    ...model,
    apiKeyOf: (tenantId) =>
      transactions.inTransaction(tenantId, (tx) => openModelCredential(tx, secretBox, 'anthropic')),
  });
}

function handlersOf(
  { config, transactions, secrets, logger }: ServiceOptions,
  parts: {
    readonly gateway: ModelGateway;
    readonly safeFetch: SafeFetch;
    readonly shutdown: AbortController;
  },
): TicketHandlers {
  const secretBox = new SecretBox(secrets.masterKey, secrets.previousMasterKey);
  return createHandlers({
    transactions,
    gateway: parts.gateway,
    safeFetch: parts.safeFetch,
    digestWriter: config.digestWriter,
    openSecret: (tx, sealed, place) => secretBox.open(tx, sealed, place),
    webhookScheduleSeconds: config.webhookScheduleSeconds,
    deliverySlots: config.deliverySlots,
    logger,
    shutdown: parts.shutdown.signal,
  });
}

async function startApi(
  { config, databaseUrl, transactions, secrets, logger, answerScrape }: ServiceOptions,
  parts: { readonly gateway: ModelGateway; readonly allowedNetworks: readonly AllowedNetwork[] },
): Promise<{ close(): Promise<void> }> {
  const eventNotices = new EventNotices(databaseUrl, logger);
  const app = await createApiApp({
    config,
    transactions,
    secretBox: new SecretBox(secrets.masterKey, secrets.previousMasterKey),
    gateway: parts.gateway,
    logger,
    adminKey: secrets.adminKey,
    dashboardDir: path.join(packageRoot(), 'dist', 'dashboard'),
    checkWebhookUrl: (url) => {
      const target = judgeTarget(url, parts.allowedNetworks);
      return target.allowed ? null : REFUSALS[target.reason];
    },
    eventNotices,
    answerScrape,
  });
  await app.listen(config.port, config.host);
  return {
    close: async () => {
      await app.close();
      await eventNotices.close();
    },
  };
}

const REFUSALS = {
  invalid_url: 'This is no URL.',
  scheme_not_allowed: 'Webhooks go to http or https addresses only.',
  credentials_in_url: 'The address may not carry a user name or password; verify the signature instead.',
  port_not_allowed: 'Webhooks are not sent to this port.',
  address_not_allowed:
    'This address is private; the operator can allow it with WAVEKEEPER_WEBHOOK_ALLOW_CIDRS.',
} as const;

/** Waits for what is in hand, but not for ever: then it is told to give up, and the ledger offers it again. */
async function drain(dispatch: RunningDispatch, shutdown: AbortController): Promise<void> {
  const giveUp = setTimeout(() => {
    shutdown.abort();
  }, DRAIN_MS_MAX);
  const letGo = new AbortController();
  await Promise.race([
    dispatch.stop(),
    delay(STOP_MS_MAX, undefined, { signal: letGo.signal }).catch(() => undefined),
  ]);
  letGo.abort();
  clearTimeout(giveUp);
}

function allowedNetworksOf(config: Config): AllowedNetwork[] {
  const isLocalMode = config.databaseUrl === null;
  return parseAllowedNetworks(config.webhookAllowCidrs ?? (isLocalMode ? LOOPBACK_NETWORKS : []));
}

function slotsOf(config: Config): TicketSlots {
  return {
    wave: config.waveSlots,
    attempt: config.attemptSlots,
    delivery: config.deliverySlots,
    digest: config.digestWriter === 'model' ? DIGEST_SLOTS : 0,
  };
}
