import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Transactions } from '#database';
import {
  authenticate,
  authenticateSession,
  RequestLimiter,
  type Principal,
  type TenantPrincipal,
} from '#tenancy';
import { OPERATOR_KEY } from '../dependencies.js';
import { isForeignWrite, originOf } from './cross-site.js';
import { ApiProblem, unauthenticated } from './problem.js';
import { requestStateOf } from './request-state.js';
import { routeOf, type RouteOptions } from './route.js';
import { sessionToken } from './session-cookie.js';

const BEARER = /^Bearer ([\x21-\x7e]{1,200})$/i;
const LIMIT_WINDOW_SECONDS = 60;

/** Who calls, and whether this key may call this route: refused unless the route says otherwise. */
@Injectable()
export class KeyGuard implements CanActivate {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(RequestLimiter) private readonly limiter: RequestLimiter,
    @Inject(OPERATOR_KEY) private readonly operatorKey: string,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = routeOf(context.getHandler());
    if (route?.access === 'public') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const principal = await this.principalOf(request);
    if (principal.kind === 'tenant')
      await this.limit(principal, context.switchToHttp().getResponse<Response>());
    refuseOutOfScope(principal, route);
    requestStateOf(request).principal = principal;
    return true;
  }

  private async principalOf(request: Request): Promise<Principal> {
    const { authorization } = request.headers;
    const principal =
      authorization === undefined ? await this.ofSession(request) : await this.ofKey(authorization);
    if (principal !== null) return principal;
    throw unauthenticated();
  }

  private async ofKey(authorization: string): Promise<Principal | null> {
    const [, presentedKey] = BEARER.exec(authorization) ?? [];
    return presentedKey === undefined
      ? null
      : authenticate(this.transactions, presentedKey, this.operatorKey);
  }

  /** A browser sends its cookie along with whatever page asks: a write must say that ours did. */
  private async ofSession(request: Request): Promise<Principal | null> {
    const token = sessionToken(request);
    if (token === null) return null;
    const principal = await authenticateSession(this.transactions, token);
    if (principal !== null && isForeignWrite(originOf(request)))
      throw new ApiProblem(403, 'cross_site_request', 'A session writes only from a page of this service.');
    return principal;
  }

  private async limit(principal: TenantPrincipal, response: Response): Promise<void> {
    const { tenantId, requestsPerMinute } = principal;
    const verdict = await this.limiter.take(tenantId, requestsPerMinute);
    if (verdict === null) return;
    response.setHeader('RateLimit-Policy', `"default";q=${requestsPerMinute};w=${LIMIT_WINDOW_SECONDS}`);
    response.setHeader('RateLimit', `"default";r=${verdict.remaining};t=${verdict.resetSeconds}`);
    if (!verdict.allowed)
      throw new ApiProblem(429, 'rate_limited', 'This tenant has used up its requests for now.', {
        retryAfterSeconds: verdict.resetSeconds,
      });
  }
}

function refuseOutOfScope(principal: Principal, route: RouteOptions | undefined): void {
  if (route === undefined || route.access === 'public') throw insufficientScope('No key may call this.');
  if (route.access === 'operator') {
    if (principal.kind !== 'operator') throw insufficientScope('Only the operator’s key may call this.');
    return;
  }
  const needed = route.access.join(' or ');
  if (principal.kind === 'operator')
    throw insufficientScope(`The operator’s key is for tenants only; use a tenant’s key with ${needed}.`);
  if (!route.access.some((scope) => principal.scopes.includes(scope)))
    throw insufficientScope(`This key lacks the scope ${needed}.`);
  const staysInMission = route.subject !== undefined || route.narrowsToMission === true;
  if (principal.missionId !== null && !staysInMission)
    throw insufficientScope('This key is bound to one mission and cannot act for the whole tenant.');
}

function insufficientScope(message: string): ApiProblem {
  return new ApiProblem(403, 'insufficient_scope', message);
}
