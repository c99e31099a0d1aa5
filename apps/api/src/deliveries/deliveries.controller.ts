import { Controller, Get, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import {
  decodeId,
  deliveryDetailSchema,
  deliverySchema,
  deliveryStateSchema,
  encodeId,
  pageOf,
} from '#contracts';
import { Transactions } from '#database';
import { listDeliveries, readDelivery, redeliver, type Resource } from '#ledger';
import { recordAudit } from '#tenancy';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { QueryOf } from '../edge/input.js';
import { pageQuery, readTimeCursor, timeCursor, toPage } from '../edge/page.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { deliveryDetailView, deliveryView } from './deliveries.view.js';

const deliveriesQuery = pageQuery.extend({
  endpoint_id: z.string().optional(),
  state: deliveryStateSchema.optional(),
});

const ONE = { access: ['webhooks:manage'], subject: 'delivery', answer: deliveryDetailSchema } as const;

@Controller('v1/webhook-deliveries')
export class DeliveriesController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
  ) {}

  @Get()
  @Route({
    summary: 'List deliveries with every try, newest first',
    access: ['webhooks:manage'],
    narrowsToMission: true,
    answer: pageOf(deliverySchema),
  })
  async listDeliveries(
    @CurrentCall() call: Call,
    @QueryOf(deliveriesQuery) query: z.output<typeof deliveriesQuery>,
  ) {
    const page = { after: readTimeCursor(query.cursor), take: query.limit + 1 };
    const endpointId = query.endpoint_id === undefined ? null : decodeId('endpoint', query.endpoint_id);
    if (query.endpoint_id !== undefined && endpointId === null) return { data: [], next_cursor: null };
    const filter = { endpointId, state: query.state ?? null, missionId: call.boundMissionId };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) =>
      listDeliveries(tx, filter, page),
    );
    return toPage(rows, query.limit, { view: deliveryView, cursor: timeCursor });
  }

  @Get(':id')
  @Route({ ...ONE, summary: 'Read a delivery with what was sent and every try' })
  async readDelivery(@CurrentCall() call: Call, @Subject() delivery: Resource) {
    return this.transactions.inTransaction(call.tenantId, async (tx) =>
      deliveryDetailView(await readDelivery(tx, delivery.id)),
    );
  }

  @Post(':id/redeliver')
  @Route({ ...ONE, summary: 'Try once more, whatever became of it; a failure changes nothing', status: 202 })
  async redeliver(@CurrentCall() call: Call, @Subject() delivery: Resource) {
    return this.commands.run(call, async (tx) => {
      await redeliver(tx, delivery.id);
      await recordAudit(tx, {
        actor: call.actor,
        action: 'delivery.redelivered',
        subjectId: encodeId('delivery', delivery.id),
      });
      return { status: 202, body: deliveryDetailView(await readDelivery(tx, delivery.id)) };
    });
  }
}
