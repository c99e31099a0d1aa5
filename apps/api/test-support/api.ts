import path from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { loadConfig } from '#config';
import type { Transactions } from '#database';
import { silentLogger } from '#telemetry';
import { SecretBox } from '#tenancy';
import { createApiApp } from '../src/create-api-app.js';

export const OPERATOR_KEY = 'the-operator-key-of-these-tests';
/** An address that the check of these tests refuses. */
export const REFUSED_URL = 'http://refused.example/hook';

export function anApi(transactions: Transactions): Promise<INestApplication> {
  return createApiApp({
    config: loadConfig({}),
    transactions,
    secretBox: new SecretBox('ab'.repeat(32)),
    logger: silentLogger,
    adminKey: OPERATOR_KEY,
    dashboardDir: path.resolve(import.meta.dirname, '../../../dist/dashboard'),
    checkWebhookUrl: (url) => (url === REFUSED_URL ? 'is an address of a private network' : null),
    eventNotices: { subscribe: () => () => undefined },
    answerScrape: null,
  });
}
