import { Controller, Delete, Get, Inject, Patch, Post } from '@nestjs/common';
import { z } from 'zod';
import {
  encodeId,
  endpointInputSchema,
  endpointPatchSchema,
  endpointSchema,
  idSchema,
  pageOf,
  type EndpointInput,
  type EndpointPatch,
} from '#contracts';
import { Transactions } from '#database';
import {
  createEndpoint,
  deleteEndpoint,
  emitTenantEvent,
  listEndpoints,
  lockEndpoint,
  readEndpoint,
  rotateEndpointSecret,
  updateEndpoint,
  type Resource,
} from '#ledger';
import { recordAudit, SecretBox } from '#tenancy';
import { fieldsOf } from '../audit/fields-of.js';
import { CHECK_WEBHOOK_URL, type CheckWebhookUrl } from '../dependencies.js';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { requireMatch } from '../edge/entity-tag.js';
import { JsonBody, QueryOf } from '../edge/input.js';
import { missionNamedInBody } from '../edge/mission-named.js';
import { pageQuery, readTimeCursor, timeCursor, toPage } from '../edge/page.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { requireWebhookUrl } from '../edge/webhook-url.js';
import { endpointView } from './endpoints.view.js';

const testAnswerSchema = z.object({ event_id: idSchema('event') }).meta({ id: 'EndpointTest' });
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
  @Route({ ...ONE, summary: 'Read a webhook endpoint' })
  async readEndpoint(@CurrentCall() call: Call, @Subject() endpoint: Resource) {
    return this.transactions.inTransaction(call.tenantId, async (tx) =>
      endpointView(await readEndpoint(tx, endpoint.id)),
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
    return this.transactions.inTransaction(call.tenantId, async (tx) => {
      const before = endpointView(await lockEndpoint(tx, endpoint.id));
      requireMatch(call.request, before);
      await updateEndpoint(tx, endpoint.id, patch);
      const after = endpointView(await readEndpoint(tx, endpoint.id));
      await recordAudit(tx, {
        actor: call.actor,
        action: 'endpoint.updated',
        subjectId: after.id,
        before: fieldsOf(before, patch),
        after: fieldsOf(after, patch),
      });
      return after;
    });
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
  @Route({ ...ONE, summary: 'Send an endpoint.test event', status: 202, answer: testAnswerSchema })
  async testEndpoint(@CurrentCall() call: Call, @Subject() endpoint: Resource) {
    return this.commands.run(call, async (tx) => {
      const eventId = await emitTenantEvent(tx, {
        type: 'endpoint.test',
        actor: call.actor,
        data: { endpoint_id: encodeId('endpoint', endpoint.id) },
        onlyEndpointId: endpoint.id,
      });
      return { status: 202, body: { event_id: encodeId('event', eventId) } };
    });
  }
}
