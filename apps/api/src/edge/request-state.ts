import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { Resource } from '#ledger';
import type { Principal } from '#tenancy';

/** What is found out about a request on its way to the handler. */
export interface RequestState {
  readonly requestId: string;
  principal: Principal | null;
  /** What the id in the path names. */
  subject: Resource | null;
  /** The parsed body; undefined until it was read. */
  body: unknown;
}

const states = new WeakMap<Request, RequestState>();

export function requestStateOf(request: Request): RequestState {
  const known = states.get(request);
  if (known !== undefined) return known;
  const state: RequestState = {
    requestId: `req_${randomUUID()}`,
    principal: null,
    subject: null,
    body: undefined,
  };
  states.set(request, state);
  return state;
}

/** Names the request, and sets what every response carries. */
export function stampResponse(request: Request, response: Response, next: NextFunction): void {
  response.setHeader('X-Request-Id', requestStateOf(request).requestId);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Content-Security-Policy', policyOf(request.path));
  if (!DOCS.test(request.path)) response.setHeader('Cache-Control', 'private, no-cache');
  next();
}

const DOCS = /^\/docs(\/|$)/;

function policyOf(path: string): string {
  return DOCS.test(path) ? DOCS_POLICY : API_POLICY;
}

const API_POLICY = "default-src 'none'; frame-ancestors 'none'";
/** Swagger UI styles itself inline and carries its icons as data; everything comes from here. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";
