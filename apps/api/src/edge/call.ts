import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { encodeId, type Actor, type AuditActor } from '#contracts';
import type { Resource } from '#ledger';
import type { TenantPrincipal } from '#tenancy';
import { notFoundProblem } from './problem.js';
import { requestStateOf } from './request-state.js';

/** One request of a tenant, as the guards let it through. */
export interface Call {
  readonly request: Request;
  readonly response: Response;
  readonly principal: TenantPrincipal;
  readonly tenantId: string;
  readonly keyId: string;
  /** The key, or the person who signed in with it. */
  readonly actor: Actor & AuditActor;
  /** Text of this caller is a person's word: the key may change missions. */
  readonly trusted: boolean;
  /** The only mission that this key reaches; null for all. */
  readonly boundMissionId: string | null;
}

/** The request, with the tenant it speaks for. */
export const CurrentCall = createParamDecorator((_: unknown, context: ExecutionContext): Call => {
  const request = context.switchToHttp().getRequest<Request>();
  const principal = tenantOf(request);
  return {
    request,
    response: context.switchToHttp().getResponse<Response>(),
    principal,
    tenantId: principal.tenantId,
    keyId: principal.keyId,
    actor: { kind: principal.session === null ? 'key' : 'person', id: encodeId('apiKey', principal.keyId) },
    trusted: principal.scopes.includes('missions:write'),
    boundMissionId: principal.missionId,
  };
});

/** The row that the id in the path names; it exists, and this key reaches it. */
export const Subject = createParamDecorator((_: unknown, context: ExecutionContext): Resource => {
  const { subject } = requestStateOf(context.switchToHttp().getRequest<Request>());
  if (subject === null) throw notFoundProblem();
  return subject;
});

function tenantOf(request: Request): TenantPrincipal {
  const { principal } = requestStateOf(request);
  if (principal?.kind !== 'tenant') throw notFoundProblem();
  return principal;
}
