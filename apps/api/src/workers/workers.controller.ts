import { Controller, Get, Inject } from '@nestjs/common';
import { workersSchema } from '#contracts';
import { Transactions } from '#database';
import { listWorkers } from '#ledger';
import { CurrentCall, type Call } from '../edge/call.js';
import { Route } from '../edge/route.js';

@Controller('v1/workers')
export class WorkersController {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  @Get()
  @Route({
    summary: 'Who holds work now, or has taken some within the last day',
    access: ['tasks:read'],
    narrowsToMission: true,
    answer: workersSchema,
  })
  async listWorkers(@CurrentCall() call: Call) {
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) =>
      listWorkers(tx, call.boundMissionId),
    );
    return {
      data: rows.map(({ lastSeenAt, ...row }) => ({ ...row, last_seen_at: lastSeenAt.toISOString() })),
    };
  }
}
