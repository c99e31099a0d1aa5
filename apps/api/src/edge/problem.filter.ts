import { Catch, Inject, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from '#telemetry';
import { LOGGER } from '../dependencies.js';
import { AllowedMethods } from './allowed-methods.js';
import { ApiProblem, problemBody } from './problem.js';
import { requestStateOf } from './request-state.js';
import { toProblem } from './to-problem.js';

/** Every error leaves as `application/problem+json`; only what nobody foresaw is logged. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(AllowedMethods) private readonly methods: AllowedMethods,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const { requestId } = requestStateOf(request);
    const allowed = isUnrouted(error) ? this.methods.allowedFor(request.path) : [];
    const problem = allowed.length > 0 ? methodNotAllowed(request.method, allowed) : toProblem(error);
    if (problem.status >= 500)
      this.logger.error(
        { err: error, requestId, method: request.method, path: request.path },
        'request failed',
      );
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { retryAfterSeconds } = problem.details;
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));
    if (allowed.length > 0) response.setHeader('Allow', allowed.join(', '));
    if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="wavekeeper"');
    response.status(problem.status).type('application/problem+json').json(problemBody(problem, requestId));
  }
}

/** Nest's own answer to an address and method that no handler has; ours are problems. */
function isUnrouted(error: unknown): boolean {
  return error instanceof NotFoundException;
}

function methodNotAllowed(method: string, allowed: readonly string[]): ApiProblem {
  return new ApiProblem(405, 'method_not_allowed', `${method} is not taken here; ${allowed.join(', ')} is.`);
}
