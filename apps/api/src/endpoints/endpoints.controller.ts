import { Controller, Delete, Get, Inject, Patch, Post } from '@nestjs/common';
import type { z } from 'zod';
import {
  encodeId,
  endpointInputSchema,
  endpointPatchSchema,
  endpointSchema,
  endpointTestSchema,
  pageOf,
  recoverInputSchema,
  recoverySchema,
  type EndpointInput,
  type EndpointPatch,
  type RecoverInput,
} from '#contracts';
import { Transactions } from '#database';
import {
  createEndpoint,
  deleteEndpoint,
  listEndpoints,
  lockEndpoint,
  readEndpoint,
  recoverEndpoint,
  rotateEndpointSecret,
  testEndpoint,
  updateEndpoint,
  type EndpointRead,
  type Resource,
} from '#ledger';
import { recordAudit, SecretBox } from '#tenancy';
import { fieldsOf } from '../audit/fields-of.js';
import { CHECK_WEBHOOK_URL, type CheckWebhookUrl } from '../dependencies.js';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { requireMatch, twoPartTag } from '../edge/entity-tag.js';
import { JsonBody, QueryOf } from '../edge/input.js';
import { missionNamedInBody } from '../edge/mission-named.js';
import { pageQuery, readTimeCursor, timeCursor, toPage } from '../edge/page.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { requireWebhookUrl } from '../edge/webhook-url.js';
import { changeableEndpointView, endpointView } from './endpoints.view.js';

const ONE = { access: ['webhooks:manage'], subject: 'endpoint', answer: endpointSchema } as const;

@Controller('v1/webhook-endpoints')
export class EndpointsController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
    @Inject(SecretBox) private readonly secretBox: SecretBox,
    @Inject(CHECK_WEBHOOK_URL) private readonly checkWebhookUrl: CheckWebhookUrl,
  ) {}

  @Post()
  @Route({
    summary: 'Create a webhook endpoint; its secret is shown once',
    access: ['webhooks:manage'],
    narrowsToMission: true,
    status: 201,
    answer: endpointSchema,
  })
  async createEndpoint(@CurrentCall() call: Call, @JsonBody(endpointInputSchema) input: EndpointInput) {
    requireWebhookUrl(this.checkWebhookUrl, input.url, '/url');
    return this.commands.run(call, async (tx) => {
      const { id, secret } = await createEndpoint(tx, this.secretBox, {
        url: input.url,
        eventTypes: input.event_types,
        missionId: await missionNamedInBody(tx, call, input.mission_id),
        includeResult: input.include_result,
        description: input.description,
      });
      const made = await readEndpoint(tx, id);
      await recordAudit(tx, {
        actor: call.actor,
        action: 'endpoint.created',
        subjectId: encodeId('endpoint', id),
        after: endpointView(made),
      });
      return { status: 201, body: endpointView(made, secret) };
    });
  }

  @Get()
  @Route({
    summary: 'List webhook endpoints, newest first',
    access: ['webhooks:manage'],
    narrowsToMission: true,
    answer: pageOf(endpointSchema),
  })
  async listEndpoints(@CurrentCall() call: Call, @QueryOf(pageQuery) query: z.output<typeof pageQuery>) {
    const page = {
      missionId: call.boundMissionId,
      after: readTimeCursor(query.cursor),
      take: query.limit + 1,
    };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) => listEndpoints(tx, page));
    return toPage(rows, query.limit, { view: (row) => endpointView(row), cursor: timeCursor });
  }

  @Get(':id')
  @Route({ ...ONE, summary: 'Read a webhook endpoint, and how it has answered lately' })
  async readEndpoint(@CurrentCall() call: Call, @Subject() endpoint: Resource) {
    return tagged(
      call,
      await this.transactions.inTransaction(call.tenantId, (tx) => readEndpoint(tx, endpoint.id)),
    );
  }

  @Patch(':id')
  @Route({ ...ONE, summary: 'Change, enable or disable a webhook endpoint' })
  async updateEndpoint(
    @CurrentCall() call: Call,
    @Subject() endpoint: Resource,
    @JsonBody(endpointPatchSchema) patch: EndpointPatch,
  ) {
    requireWebhookUrl(this.checkWebhookUrl, patch.url, '/url');
    const changed = await this.transactions.inTransaction(call.tenantId, async (tx) => {
      const before = await lockEndpoint(tx, endpoint.id);
      requireMatch(call.request, changeableEndpointView(before));
      await updateEndpoint(tx, endpoint.id, patch);
      const after = await readEndpoint(tx, endpoint.id);
      await recordAudit(tx, {
        actor: call.actor,
        action: 'endpoint.updated',
        subjectId: encodeId('endpoint', endpoint.id),
        before: fieldsOf(endpointView(before), patch),
        after: fieldsOf(endpointView(after), patch),
      });
      return after;
    });
    return tagged(call, changed);
  }

  @Delete(':id')
  @Route({ ...ONE, summary: 'Remove a webhook endpoint with its deliveries', status: 204, answer: null })
  async deleteEndpoint(@CurrentCall() call: Call, @Subject() endpoint: Resource): Promise<void> {
    await this.transactions.inTransaction(call.tenantId, async (tx) => {
      const before = endpointView(await lockEndpoint(tx, endpoint.id));
      await deleteEndpoint(tx, endpoint.id);
      await recordAudit(tx, { actor: call.actor, action: 'endpoint.removed', subjectId: before.id, before });
    });
  }

  @Post(':id/rotate-secret')
  @Route({ ...ONE, summary: 'Make a new secret, shown once; the old one signs beside it for a day' })
  async rotateEndpointSecret(@CurrentCall() call: Call, @Subject() endpoint: Resource) {
    return this.commands.run(call, async (tx) => {
      const secret = await rotateEndpointSecret(tx, this.secretBox, endpoint.id);
      const rotated = endpointView(await readEndpoint(tx, endpoint.id), secret);
      await recordAudit(tx, {
        actor: call.actor,
        action: 'endpoint.secret_rotated',
        subjectId: rotated.id,
      });
      return { status: 200, body: rotated };
    });
  }

  @Post(':id/test')
  @Route({
    ...ONE,
    summary: 'Send an endpoint.test event: one try, also to a disabled endpoint',
    status: 202,
    answer: endpointTestSchema,
  })
  async testEndpoint(@CurrentCall() call: Call, @Subject() endpoint: Resource) {
    return this.commands.run(call, async (tx) => {
      const { eventId, deliveryId } = await testEndpoint(tx, endpoint.id, call.actor);
      const body = { event_id: encodeId('event', eventId), delivery_id: encodeId('delivery', deliveryId) };
      return { status: 202, body };
    });
  }

  @Post(':id/recover')
  @Route({
    ...ONE,
    summary: 'Send again what was given up or never sent since a time',
    status: 202,
    answer: recoverySchema,
  })
  async recoverEndpoint(
    @CurrentCall() call: Call,
    @Subject() endpoint: Resource,
    @JsonBody(recoverInputSchema) input: RecoverInput,
  ) {
    return this.commands.run(call, async (tx) => {
      const { recovered, hasMore } = await recoverEndpoint(tx, endpoint.id, new Date(input.since));
      await recordAudit(tx, {
        actor: call.actor,
        action: 'endpoint.recovered',
        subjectId: encodeId('endpoint', endpoint.id),
        after: { since: input.since, recovered },
      });
      return { status: 202, body: { recovered, has_more: hasMore } };
    });
  }
}

/** Tagged by what a PATCH can change, so that If-Match holds while the endpoint's health moves. */
function tagged({ response }: Call, endpoint: EndpointRead) {
  const view = endpointView(endpoint);
  response.setHeader('ETag', twoPartTag(changeableEndpointView(endpoint), view));
  return view;
}
