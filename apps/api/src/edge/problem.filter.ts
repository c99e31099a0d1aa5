import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from '#telemetry';
import { LOGGER } from '../dependencies.js';
import { problemBody } from './problem.js';
import { requestStateOf } from './request-state.js';
import { toProblem } from './to-problem.js';

/** Every error leaves as `application/problem+json`; only what nobody foresaw is logged. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const { requestId } = requestStateOf(request);
    const problem = toProblem(error);
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
    response.status(problem.status).type('application/problem+json').json(problemBody(problem, requestId));
  }
}
