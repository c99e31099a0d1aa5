import type { Config } from '#config';
import type { EventNotices, Transactions } from '#database';
import type { ModelGateway } from '#model';
import type { AnswerScrape, Logger } from '#telemetry';
import type { SecretBox } from '#tenancy';

/** Why a webhook may not be sent to this address, in words for its owner; null when it may. */
export type CheckWebhookUrl = (url: string) => string | null;

/** What the composition root gives the API. */
export interface ApiDependencies {
  readonly config: Config;
  readonly transactions: Transactions;
  readonly secretBox: SecretBox;
  readonly gateway: ModelGateway;
  readonly logger: Logger;
  /** The operator's key. */
  readonly adminKey: string;
  readonly checkWebhookUrl: CheckWebhookUrl;
  /** The folder of the compiled dashboard. */
  readonly dashboardDir: string;
  /** Hears of new events of every process. */
  readonly eventNotices: Pick<EventNotices, 'subscribe'>;
  /** Null when nothing is kept to be scraped. */
  readonly answerScrape: AnswerScrape | null;
}

export const LOGGER = Symbol('logger');
export const OPERATOR_KEY = Symbol('operator key');
export const KEY_ENVIRONMENT = Symbol('environment of new API keys');
export const ANSWER_SCRAPE = Symbol('answer to who scrapes measurements');
export const CHECK_WEBHOOK_URL = Symbol('check of webhook addresses');
