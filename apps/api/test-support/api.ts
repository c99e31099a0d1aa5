import path from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { loadConfig } from '#config';
import type { Transactions } from '#database';
import { ModelGateway } from '#model';
import { silentLogger } from '#telemetry';
import { SecretBox } from '#tenancy';
import { createApiApp } from '../src/create-api-app.js';

export const OPERATOR_KEY = 'the-operator-key-of-these-tests';
/** Nobody listens at the port that discards. */
const NOWHERE = 'http://127.0.0.1:9';
/** An address that the check of these tests refuses. */
export const REFUSED_URL = 'http://refused.example/hook';

/** An API whose model is the given one, or nowhere. */
export function anApi(
  transactions: Transactions,
  gateway = new ModelGateway({ transactions, apiKey: 'test', baseUrl: NOWHERE }),
): Promise<INestApplication> {
  return createApiApp({
    config: loadConfig({}),
    transactions,
    gateway,
    secretBox: new SecretBox('ab'.repeat(32)),
    logger: silentLogger,
    adminKey: OPERATOR_KEY,
    dashboardDir: path.resolve(import.meta.dirname, '../../../dist/dashboard'),
    checkWebhookUrl: (url) => (url === REFUSED_URL ? 'is an address of a private network' : null),
    eventNotices: { subscribe: () => () => undefined },
    answerScrape: null,
  });
}
