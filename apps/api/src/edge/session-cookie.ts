import type { Request, Response } from 'express';

/** `__Host-`: only this host can have set it, over TLS, for all of its paths. */
const SECURE_NAME = '__Host-wavekeeper';
/** Browsers keep no Secure cookie of a plain http address; on this machine itself none is needed. */
const LOOPBACK_NAME = 'wavekeeper';
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/** The token of the session that a browser sent along; null when there is none, or more than one to choose from. */
export function sessionToken(request: Request): string | null {
  const name = cookieName(request);
  const values = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim().split('='))
    .flatMap(([key, value]) => (key === name && value !== undefined ? [value] : []));
  return values.length === 1 ? (values[0] ?? null) : null;
}

/** Gives the browser its session, or takes it away (null). */
export function setSessionCookie(
  request: Request,
  response: Response,
  session: { readonly token: string; readonly expiresAt: Date } | null,
): void {
  response.cookie(cookieName(request), session?.token ?? '', {
    httpOnly: true,
    sameSite: 'lax',
    secure: isSecure(request),
    path: '/',
    expires: session?.expiresAt ?? new Date(0),
  });
}

function cookieName(request: Request): string {
  return isSecure(request) ? SECURE_NAME : LOOPBACK_NAME;
}

/** Whatever is not this machine's own plain http is taken for https: a browser then keeps no session without TLS. */
function isSecure(request: Request): boolean {
  const isLoopback = LOOPBACK_HOST.test(request.headers.host ?? '');
  return !isLoopback || request.headers['x-forwarded-proto'] === 'https';
}
