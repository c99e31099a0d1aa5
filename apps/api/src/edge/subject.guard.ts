import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { decodeId } from '#contracts';
import { Transactions } from '#database';
import type { Resource } from '#ledger';
import { findTenant, type Principal } from '#tenancy';
import { notFoundProblem } from './problem.js';
import { findInReach } from './reach.js';
import { requestStateOf } from './request-state.js';
import { routeOf, type RouteOptions } from './route.js';

/** Resolves the id in the path, before anybody reads the body. */
@Injectable()
export class SubjectGuard implements CanActivate {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const kind = routeOf(context.getHandler())?.subject;
    if (kind === undefined) return true;
    const request = context.switchToHttp().getRequest<Request>();
    const state = requestStateOf(request);
    const { id: text } = request.params;
    const id = typeof text === 'string' ? decodeId(kind, text) : null;
    const found = id === null || state.principal === null ? null : await this.find(state.principal, kind, id);
    if (found === null) throw notFoundProblem();
    state.subject = found;
    return true;
  }

  /** Null also for what this key does not reach. */
  private async find(
    principal: Principal,
    kind: NonNullable<RouteOptions['subject']>,
    id: string,
  ): Promise<Resource | null> {
    if (kind === 'tenant') {
      const tenant = await this.transactions.inSystemTransaction((system) => findTenant(system, id));
      return tenant === null ? null : { id: tenant.id, missionId: null };
    }
    if (principal.kind !== 'tenant') return null;
    return this.transactions.inTransaction(principal.tenantId, (tx) =>
      findInReach(tx, principal.missionId, { kind, id }),
    );
  }
}
