import type { Request } from 'express';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** What a browser says about where a request comes from. */
export interface RequestOrigin {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
}

export function originOf({ method, headers }: Request): RequestOrigin {
  const said = headers['sec-fetch-site'];
  return {
    method,
    host: headers.host,
    origin: headers.origin,
    secFetchSite: typeof said === 'string' ? said : undefined,
  };
}

/**
 * True for a request that may change something and does not say that a page of this service sent it. A cookie comes
 * along by itself, so a session speaks only for requests that are known to be its own.
 */
export function isForeignWrite({ method, host, origin, secFetchSite }: RequestOrigin): boolean {
  if (SAFE_METHODS.includes(method)) return false;
  if (secFetchSite !== undefined) return secFetchSite !== 'same-origin' && secFetchSite !== 'none';
  return origin === undefined || host === undefined || hostOf(origin) !== host;
}

/** True for a request that says that a page of somebody else sent it; programs, which say nothing, are none. */
export function saysForeign(request: RequestOrigin): boolean {
  const saysNothing = request.secFetchSite === undefined && request.origin === undefined;
  return !saysNothing && isForeignWrite(request);
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
