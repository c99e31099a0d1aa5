import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { encodeId, type SignInInput } from '#contracts';
import { Transactions, type Tx } from '#database';
import {
  authenticate,
  authenticateSession,
  createSession,
  endSession,
  recordAudit,
  redeemSignInLink,
  SignInLimiter,
  type TenantPrincipal,
} from '#tenancy';
import { OPERATOR_KEY } from '../dependencies.js';
import { originOf, saysForeign } from '../edge/cross-site.js';
import { ApiProblem } from '../edge/problem.js';
import { sessionToken } from '../edge/session-cookie.js';

interface SignedIn {
  /** For the cookie. */
  readonly token: string;
  readonly principal: TenantPrincipal;
}

/** The one way into a session. A browser that had one gets another: a token from before the sign-in is worth nothing. */
@Injectable()
export class SignIn {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(SignInLimiter) private readonly limiter: SignInLimiter,
    @Inject(OPERATOR_KEY) private readonly operatorKey: string,
  ) {}

  /** Throws 401 for what is no good key or link, 403 from another site's page, 429 after too many failures. */
  async withCredential(request: Request, input: SignInInput): Promise<SignedIn> {
    if (saysForeign(originOf(request)))
      throw new ApiProblem(403, 'cross_site_request', 'Sign in on a page of this service.');
    const credential = 'token' in input ? input.token : input.api_key;
    const attempt = { address: request.socket.remoteAddress ?? '', credential };
    this.refuseTooMany(this.limiter.waitSeconds(attempt));
    const token = await ('token' in input ? this.byLink(credential) : this.byKey(credential));
    const principal = token === null ? null : await authenticateSession(this.transactions, token);
    if (token === null || principal === null) {
      this.limiter.noteFailure(attempt);
      throw new ApiProblem(
        401,
        'sign_in_refused',
        'This is no valid key of a tenant, or the link was used or has run out.',
      );
    }
    await this.endPrevious(sessionToken(request));
    return { token, principal };
  }

  private refuseTooMany(waitSeconds: number): void {
    if (waitSeconds > 0)
      throw new ApiProblem(429, 'too_many_sign_ins', 'Too many failed tries; wait before the next one.', {
        retryAfterSeconds: waitSeconds,
      });
  }

  private async byKey(apiKey: string): Promise<string | null> {
    const principal = await authenticate(this.transactions, apiKey, this.operatorKey);
    if (principal?.kind !== 'tenant') return null;
    return this.transactions.inTransaction(principal.tenantId, (tx) => openSession(tx, principal.keyId));
  }

  private byLink(token: string): Promise<string | null> {
    return this.transactions.inSystemTransaction(async (system) => {
      const redeemed = await redeemSignInLink(system, token);
      return redeemed && openSession(redeemed.tx, redeemed.apiKeyId);
    });
  }

  private async endPrevious(token: string | null): Promise<void> {
    const previous = token === null ? null : await authenticateSession(this.transactions, token);
    const sessionId = previous?.session?.id;
    if (previous === null || sessionId === undefined) return;
    await this.transactions.inTransaction(previous.tenantId, (tx) => endSession(tx, sessionId));
  }
}

async function openSession(tx: Tx, apiKeyId: string): Promise<string> {
  const { id, token } = await createSession(tx, apiKeyId);
  await recordAudit(tx, {
    actor: { kind: 'person', id: encodeId('apiKey', apiKeyId) },
    action: 'session.created',
    subjectId: encodeId('session', id),
  });
  return token;
}
