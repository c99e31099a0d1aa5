import { Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import {
  encodeId,
  SCOPES,
  sessionSchema,
  signInInputSchema,
  signInLinkSchema,
  type SignInInput,
} from '#contracts';
import { Transactions } from '#database';
import { createSignInLink, endSession, recordAudit } from '#tenancy';
import { CurrentCall, type Call } from '../edge/call.js';
import { JsonBody } from '../edge/input.js';
import { ApiProblem } from '../edge/problem.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { setSessionCookie } from '../edge/session-cookie.js';
import { SIGN_IN_PATH } from '../screens/serve-dashboard.js';
import { SignIn } from './sign-in.js';
import { sessionView } from './sessions.view.js';

/** Whatever the key may, it may do from a browser. */
const ANY_KEY = { access: SCOPES, narrowsToMission: true } as const;

@Controller('v1')
export class SessionsController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
    @Inject(SignIn) private readonly signIn: SignIn,
  ) {}

  @Post('session')
  @Route({
    summary: 'Sign a browser in, with a key or with the token of a sign-in link; the answer sets a cookie',
    access: 'public',
    status: 201,
    answer: sessionSchema,
  })
  async createSession(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @JsonBody(signInInputSchema) input: SignInInput,
  ): Promise<z.output<typeof sessionSchema>> {
    const { token, principal } = await this.signIn.withCredential(request, input);
    if (principal.session !== null)
      setSessionCookie(request, response, { token, expiresAt: principal.session.expiresAt });
    return sessionView(principal);
  }

  @Get('session')
  @Route({ ...ANY_KEY, summary: 'Whom this request speaks for', answer: sessionSchema })
  readSession(@CurrentCall() { principal }: Call): z.output<typeof sessionSchema> {
    return sessionView(principal);
  }

  @Delete('session')
  @Route({ ...ANY_KEY, summary: 'Sign out', status: 204, answer: null })
  async endSession(@CurrentCall() call: Call): Promise<void> {
    const { session } = call.principal;
    if (session === null) return;
    await this.transactions.inTransaction(call.tenantId, async (tx) => {
      if (!(await endSession(tx, session.id))) return;
      const subjectId = encodeId('session', session.id);
      await recordAudit(tx, { actor: call.actor, action: 'session.ended', subjectId });
    });
    setSessionCookie(call.request, call.response, null);
  }

  @Post('sign-in-links')
  @Route({
    ...ANY_KEY,
    summary: 'Make a link that signs a browser in once, with this key, within 15 minutes',
    status: 201,
    answer: signInLinkSchema,
  })
  async createSignInLink(@CurrentCall() call: Call) {
    if (call.principal.session !== null)
      throw new ApiProblem(
        403,
        'needs_key',
        'A session makes no links, or it would outlive its week: send the key.',
      );
    return this.commands.run(call, async (tx) => {
      const { token, expiresAt } = await createSignInLink(tx, call.principal.keyId);
      const subjectId = encodeId('apiKey', call.principal.keyId);
      await recordAudit(tx, { actor: call.actor, action: 'sign_in_link.created', subjectId });
      return {
        status: 201,
        body: { path: `${SIGN_IN_PATH}#${token}`, expires_at: expiresAt.toISOString() },
      };
    });
  }
}
