import { Controller, Get, Inject } from '@nestjs/common';
import type { z } from 'zod';
import { auditEntrySchema, encodeId, pageOf } from '#contracts';
import { Transactions } from '#database';
import { listAudit, type AuditRow } from '#tenancy';
import { CurrentCall, type Call } from '../edge/call.js';
import { QueryOf } from '../edge/input.js';
import { pageQuery, readTimeCursor, timeCursor, toPage } from '../edge/page.js';
import { Route } from '../edge/route.js';

@Controller('v1/audit')
export class AuditController {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  @Get()
  @Route({ summary: 'Who did what, newest first', access: ['admin'], answer: pageOf(auditEntrySchema) })
  async listAudit(@CurrentCall() call: Call, @QueryOf(pageQuery) query: z.output<typeof pageQuery>) {
    const page = { after: readTimeCursor(query.cursor), take: query.limit + 1 };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) => listAudit(tx, page));
    return toPage(rows, query.limit, { view: auditView, cursor: timeCursor });
  }
}

function auditView(row: AuditRow): z.output<typeof auditEntrySchema> {
  return {
    id: encodeId('auditEntry', row.id),
    actor: row.actor,
    action: row.action,
    subject_id: row.subjectId,
    before: row.before,
    after: row.after,
    created_at: row.createdAt.toISOString(),
  };
}
