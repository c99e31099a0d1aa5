import { Controller, Get, Inject, Put } from '@nestjs/common';
import { z } from 'zod';
import {
  budgetInputSchema,
  budgetSchema,
  encodeId,
  usageGroupSchema,
  usageReportSchema,
  type BudgetInput,
} from '#contracts';
import { Transactions } from '#database';
import { readTenantBudget, readUsageBy, readUsageTotals, setTenantBudget } from '#ledger';
import { recordAudit } from '#tenancy';
import { CurrentCall, type Call } from '../edge/call.js';
import { JsonBody, QueryOf } from '../edge/input.js';
import { readTextCursor, textCursor } from '../edge/page.js';
import { Route } from '../edge/route.js';
import { budgetView, usageView } from './money.view.js';

const GROUPS_MAX = 1_000;
const TIME = 'a time (RFC 3339) or a day (YYYY-MM-DD, from its beginning in UTC)';
const timeSchema = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()])
  .transform((text) => new Date(text))
  .optional();

const usageQuery = z.object({
  group_by: usageGroupSchema.default('mission'),
  from: timeSchema.describe(`requests sent at or after this; ${TIME}`),
  to: timeSchema.describe(`requests sent before this; ${TIME}`),
  limit: z.coerce.number().int().min(1).max(GROUPS_MAX).default(GROUPS_MAX),
  cursor: z.string().max(200).optional(),
});

@Controller('v1')
export class MoneyController {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  @Get('usage')
  @Route({
    summary:
      'Sum up model requests by mission, model, day or role: tokens by kind and cost, failed requests too',
    access: ['missions:read'],
    narrowsToMission: true,
    answer: usageReportSchema,
  })
  async readUsage(@CurrentCall() call: Call, @QueryOf(usageQuery) query: z.output<typeof usageQuery>) {
    const filter = { missionId: call.boundMissionId, from: query.from ?? null, to: query.to ?? null };
    const page = { after: readTextCursor(query.cursor), take: query.limit + 1 };
    return this.transactions.inTransaction(call.tenantId, async (tx) =>
      usageView(await readUsageBy(tx, query.group_by, filter, page), await readUsageTotals(tx, filter), {
        limit: query.limit,
        cursor: textCursor,
      }),
    );
  }

  @Get('budget')
  @Route({
    summary: 'Read the tenant’s limits, and what counts towards them',
    access: ['missions:read'],
    answer: budgetSchema,
  })
  async readBudget(@CurrentCall() call: Call) {
    return this.transactions.inTransaction(call.tenantId, async (tx) =>
      budgetView(await readTenantBudget(tx)),
    );
  }

  @Put('budget')
  @Route({
    summary: 'Set the tenant’s limits; null removes one, and what is left out keeps its value',
    access: ['admin'],
    answer: budgetSchema,
  })
  async setBudget(@CurrentCall() call: Call, @JsonBody(budgetInputSchema) input: BudgetInput) {
    return this.transactions.inTransaction(call.tenantId, async (tx) => {
      const before = budgetView(await readTenantBudget(tx));
      const after = budgetView(await setTenantBudget(tx, input));
      await recordAudit(tx, {
        actor: call.actor,
        action: 'budget.set',
        subjectId: encodeId('tenant', call.tenantId),
        before: limitsIn(before),
        after: limitsIn(after),
      });
      return after;
    });
  }
}

/** What somebody sets of a budget; the rest is what became of it. */
function limitsIn({ limit_usd, daily_usd }: z.output<typeof budgetSchema>) {
  return { limit_usd, daily_usd };
}
