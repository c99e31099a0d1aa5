import { Controller, Get, Inject } from '@nestjs/common';
import type { z } from 'zod';
import { eventSchema, pageOf } from '#contracts';
import { Transactions } from '#database';
import { listEvents, type Resource } from '#ledger';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { QueryOf } from '../edge/input.js';
import { numberAfter, numberCursor, pageQuery, readNumberCursor, toPage } from '../edge/page.js';
import { Route } from '../edge/route.js';
import { eventView } from './events.view.js';

const eventsQuery = pageQuery.extend({
  after: numberAfter.default(0).describe('the last seq that was read; a cursor goes before it'),
});

@Controller('v1/missions/:id/events')
export class EventsController {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  @Get()
  @Route({
    summary: 'List a mission’s events by seq, without gaps',
    access: ['missions:read'],
    subject: 'mission',
    answer: pageOf(eventSchema),
  })
  async listEvents(
    @CurrentCall() call: Call,
    @Subject() mission: Resource,
    @QueryOf(eventsQuery) query: z.output<typeof eventsQuery>,
  ) {
    const page = { afterSeq: readNumberCursor(query.cursor) ?? query.after, take: query.limit + 1 };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) =>
      listEvents(tx, mission.id, page),
    );
    return toPage(rows, query.limit, { view: eventView, cursor: (row) => numberCursor(row.seq ?? 0) });
  }
}
