import { METHODS } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { measure } from '#telemetry';

/** Measures how long a request took, by the route that took it: no address of a client's making becomes a label. */
export function measureRequest(request: Request, response: Response, next: NextFunction): void {
  const startedAt = performance.now();
  response.once('close', () => {
    if (String(response.getHeader('Content-Type')).startsWith('text/event-stream')) return;
    measure('http.server.request.duration', (performance.now() - startedAt) / 1_000, {
      'http.request.method': METHODS.includes(request.method) ? request.method : '_OTHER',
      'http.route': routeOf(request),
      'http.response.status_code': response.statusCode,
    });
  });
  next();
}

function routeOf({ route }: Request): string {
  const { path } = (route ?? {}) as { path?: unknown }; // set by Express once a route has taken the request
  return typeof path === 'string' ? path : 'none';
}
