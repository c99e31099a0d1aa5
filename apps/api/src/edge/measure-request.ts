import { METHODS } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { measure } from '#telemetry';
import { TIMED_OUT_STATUS } from './body-deadlines.js';

/** What no client is ever sent: it went before its answer began. */
const CLIENT_GONE_STATUS = 499;

/** Measures how long a request took, by the route that took it: no address of a client's making becomes a label. */
export function measureRequest(request: Request, response: Response, next: NextFunction): void {
  const startedAt = performance.now();
  response.once('close', () => {
    if (String(response.getHeader('Content-Type')).startsWith('text/event-stream')) return;
    measure('http.server.request.duration', (performance.now() - startedAt) / 1_000, {
      'http.request.method': METHODS.includes(request.method) ? request.method : '_OTHER',
      'http.route': routeOf(request),
      'http.response.status_code': statusOf(response),
    });
  });
  next();
}

/** Without an answer either the client has gone, or it was cut off as too slow. */
function statusOf({ headersSent, statusCode }: Response): number {
  return headersSent || statusCode === TIMED_OUT_STATUS ? statusCode : CLIENT_GONE_STATUS;
}

function routeOf({ route }: Request): string {
  const { path } = (route ?? {}) as { path?: unknown }; // set by Express once a route has taken the request
  return typeof path === 'string' ? path : 'none';
}
