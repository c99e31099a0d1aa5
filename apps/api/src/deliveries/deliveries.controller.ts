import { Controller, Get, Inject } from '@nestjs/common';
import { z } from 'zod';
import { decodeId, deliverySchema, deliveryStateSchema, pageOf } from '#contracts';
import { Transactions } from '#database';
import { listDeliveries } from '#ledger';
import { CurrentCall, type Call } from '../edge/call.js';
import { QueryOf } from '../edge/input.js';
import { pageQuery, readTimeCursor, timeCursor, toPage } from '../edge/page.js';
import { Route } from '../edge/route.js';
import { deliveryView } from './deliveries.view.js';

const deliveriesQuery = pageQuery.extend({
  endpoint_id: z.string().optional(),
  state: deliveryStateSchema.optional(),
});

@Controller('v1/webhook-deliveries')
export class DeliveriesController {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

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
}
