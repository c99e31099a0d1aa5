import { applyDecorators, HttpCode, SetMetadata } from '@nestjs/common';
import type { z } from 'zod';
import type { Scope } from '#contracts';
import type { ResourceKind } from '#ledger';

/** One entry of the API: who may call it, what its address names, what it answers. The OpenAPI document is made of these. */
export interface RouteOptions {
  readonly summary: string;
  /** A key with any one of these scopes; the operator alone; or anybody. */
  readonly access: readonly Scope[] | 'operator' | 'public';
  /** What `:id` names: resolved before the body is read, so that a foreign id is the same 404 whatever the body. */
  readonly subject?: ResourceKind | 'tenant';
  /** A key that is bound to one mission may call this although no id names that mission: the handler narrows itself. */
  readonly narrowsToMission?: boolean;
  /** 200 unless given. */
  readonly status?: number;
  /** Null: no body, or one that is no JSON. */
  readonly answer: z.ZodType | null;
  /** What it streams to a caller that accepts text/event-stream, when it does. */
  readonly eventStream?: string;
  /** Other answers that are no problems, by their status. */
  readonly alsoAnswers?: Readonly<Record<number, z.ZodType>>;
}

const ROUTE = 'wavekeeper:route';

export function Route(options: RouteOptions): MethodDecorator {
  return applyDecorators(SetMetadata(ROUTE, options), HttpCode(options.status ?? 200));
}

/** Undefined for a handler that nobody described: the guard refuses it. */
export function routeOf(handler: object): RouteOptions | undefined {
  return Reflect.getMetadata(ROUTE, handler) as RouteOptions | undefined; // set only by Route
}
