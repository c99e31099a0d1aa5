import { Controller, Delete, Get, Inject, Patch, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { encodeId, pageOf, tenantInputSchema, tenantPatchSchema, tenantSchema } from '#contracts';
import { Transactions } from '#database';
import type { Resource } from '#ledger';
import type { Logger } from '#telemetry';
import {
  createTenant,
  deleteTenant,
  findTenant,
  listTenants,
  lockTenant,
  recordAudit,
  updateTenant,
  type KeyEnvironment,
} from '#tenancy';
import { fieldsOf } from '../audit/fields-of.js';
import { KEY_ENVIRONMENT, LOGGER } from '../dependencies.js';
import { Subject } from '../edge/call.js';
import { requireMatch } from '../edge/entity-tag.js';
import { JsonBody, QueryOf } from '../edge/input.js';
import { pageQuery, readTimeCursor, timeCursor, toPage } from '../edge/page.js';
import { notFoundProblem } from '../edge/problem.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { tenantView } from './tenants.view.js';

const OPERATOR = { kind: 'operator', id: null } as const;

@Controller('v1/tenants')
export class TenantsController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
    @Inject(KEY_ENVIRONMENT) private readonly environment: KeyEnvironment,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Post()
  @Route({
    summary: 'Create a tenant and its first key, shown once',
    access: 'operator',
    status: 201,
    answer: tenantSchema,
  })
  async createTenant(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @JsonBody(tenantInputSchema) input: z.output<typeof tenantInputSchema>,
  ) {
    return this.commands.runForNewTenant({ request, response }, async (system) => {
      const { row, apiKey, tx } = await createTenant(system, { ...input, environment: this.environment });
      await recordAudit(tx, {
        actor: OPERATOR,
        action: 'tenant.created',
        subjectId: encodeId('tenant', row.id),
        after: tenantView(row),
      });
      return { tx, reply: { status: 201, body: tenantView(row, apiKey) } };
    });
  }

  @Get()
  @Route({ summary: 'List tenants, newest first', access: 'operator', answer: pageOf(tenantSchema) })
  async listTenants(@QueryOf(pageQuery) query: z.output<typeof pageQuery>) {
    const page = { after: readTimeCursor(query.cursor), take: query.limit + 1 };
    const rows = await this.transactions.inSystemTransaction((system) => listTenants(system, page));
    return toPage(rows, query.limit, { view: (row) => tenantView(row), cursor: timeCursor });
  }

  @Get(':id')
  @Route({ summary: 'Read a tenant', access: 'operator', subject: 'tenant', answer: tenantSchema })
  async readTenant(@Subject() tenant: Resource) {
    return this.transactions.inSystemTransaction(async (system) => {
      const row = await findTenant(system, tenant.id);
      if (row === null) throw notFoundProblem();
      return tenantView(row);
    });
  }

  @Patch(':id')
  @Route({ summary: 'Change name or limits', access: 'operator', subject: 'tenant', answer: tenantSchema })
  async updateTenant(
    @Req() request: Request,
    @Subject() tenant: Resource,
    @JsonBody(tenantPatchSchema) patch: z.output<typeof tenantPatchSchema>,
  ) {
    return this.transactions.inSystemTransaction(async (system) => {
      const before = await lockTenant(system, tenant.id);
      if (before === null) throw notFoundProblem();
      requireMatch(request, tenantView(before));
      const after = tenantView(await updateTenant(system, before, patch));
      await recordAudit(await system.become(tenant.id), {
        actor: OPERATOR,
        action: 'tenant.updated',
        subjectId: after.id,
        before: fieldsOf(tenantView(before), patch),
        after: fieldsOf(after, patch),
      });
      return after;
    });
  }

  @Delete(':id')
  @Route({
    summary: 'Remove a tenant and everything it owns',
    access: 'operator',
    subject: 'tenant',
    status: 204,
    answer: null,
  })
  async deleteTenant(@Subject() tenant: Resource): Promise<void> {
    if (await deleteTenant(this.transactions, tenant.id))
      // what the tenant did goes with it: that it went stands in the log alone
      this.logger.info({ tenantId: encodeId('tenant', tenant.id) }, 'the operator removed a tenant');
  }
}
