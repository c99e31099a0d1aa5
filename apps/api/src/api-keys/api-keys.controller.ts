import { Controller, Delete, Get, Inject, Post } from '@nestjs/common';
import type { z } from 'zod';
import {
  apiKeyInputSchema,
  apiKeySchema,
  encodeId,
  pageOf,
  rerollInputSchema,
  type ApiKeyInput,
} from '#contracts';
import { Transactions } from '#database';
import type { Resource } from '#ledger';
import {
  createApiKey,
  findApiKey,
  listApiKeys,
  recordAudit,
  rerollApiKey,
  revokeApiKey,
  type KeyEnvironment,
} from '#tenancy';
import { KEY_ENVIRONMENT } from '../dependencies.js';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { JsonBody, QueryOf } from '../edge/input.js';
import { missionNamedInBody } from '../edge/mission-named.js';
import { ApiProblem } from '../edge/problem.js';
import { pageQuery, readTimeCursor, timeCursor, toPage } from '../edge/page.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { apiKeyView } from './api-keys.view.js';

@Controller('v1/api-keys')
export class ApiKeysController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
    @Inject(KEY_ENVIRONMENT) private readonly environment: KeyEnvironment,
  ) {}

  @Post()
  @Route({
    summary: 'Create an API key; it is shown once',
    access: ['admin'],
    status: 201,
    answer: apiKeySchema,
  })
  async createApiKey(@CurrentCall() call: Call, @JsonBody(apiKeyInputSchema) input: ApiKeyInput) {
    return this.commands.run(call, async (tx) => {
      const { row, apiKey } = await createApiKey(tx, {
        name: input.name,
        scopes: input.scopes,
        missionId: await missionNamedInBody(tx, call, input.mission_id),
        expiresAt: input.expires_at === null ? null : new Date(input.expires_at),
        environment: this.environment,
      });
      await recordAudit(tx, {
        actor: call.actor,
        action: 'api_key.created',
        subjectId: encodeId('apiKey', row.id),
        after: apiKeyView(row),
      });
      return { status: 201, body: apiKeyView(row, apiKey) };
    });
  }

  @Get()
  @Route({ summary: 'List API keys, newest first', access: ['admin'], answer: pageOf(apiKeySchema) })
  async listApiKeys(@CurrentCall() call: Call, @QueryOf(pageQuery) query: z.output<typeof pageQuery>) {
    const page = { after: readTimeCursor(query.cursor), take: query.limit + 1 };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) => listApiKeys(tx, page));
    return toPage(rows, query.limit, { view: (row) => apiKeyView(row), cursor: timeCursor });
  }

  @Delete(':id')
  @Route({
    summary: 'Revoke an API key, from the next request on',
    access: ['admin'],
    subject: 'apiKey',
    status: 204,
    answer: null,
  })
  async revokeApiKey(@CurrentCall() call: Call, @Subject() key: Resource): Promise<void> {
    await this.transactions.inTransaction(call.tenantId, async (tx) => {
      const before = await findApiKey(tx, key.id);
      await revokeApiKey(tx, key.id);
      if (before?.revokedAt !== null) return; // gone, or revoked before
      await recordAudit(tx, {
        actor: call.actor,
        action: 'api_key.revoked',
        subjectId: encodeId('apiKey', key.id),
        before: apiKeyView(before),
      });
    });
  }

  @Post(':id/reroll')
  @Route({
    summary: 'Replace an API key by a new one, shown once; the old one works beside it for a day, or as told',
    access: ['admin'],
    subject: 'apiKey',
    status: 201,
    answer: apiKeySchema,
  })
  async rerollApiKey(
    @CurrentCall() call: Call,
    @Subject() key: Resource,
    @JsonBody(rerollInputSchema) input: z.output<typeof rerollInputSchema>,
  ) {
    return this.commands.run(call, async (tx) => {
      const choice = { overlapSeconds: input.overlap_seconds, environment: this.environment };
      const rerolled = await rerollApiKey(tx, key.id, choice);
      if (rerolled === null)
        throw new ApiProblem(409, 'key_ended', 'This key was revoked or has expired; create a new one.');
      await recordAudit(tx, {
        actor: call.actor,
        action: 'api_key.rerolled',
        subjectId: encodeId('apiKey', key.id),
        before: apiKeyView(rerolled.replaced),
        after: apiKeyView(rerolled.row),
      });
      return { status: 201, body: apiKeyView(rerolled.row, rerolled.apiKey) };
    });
  }
}
