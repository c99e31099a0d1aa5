import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { encodeId, type AnswerInput } from '#contracts';
import { Transactions } from '#database';
import { readInputRequestWithTasks, readMissionStatus } from '#ledger';
import { findAnswerLink, RequestLimiter, SignInLimiter, type AnswerLink } from '#tenancy';
import { ApiProblem } from '../edge/problem.js';
import { answerRequest } from '../input-requests/answer-request.js';
import { inputRequestView } from '../input-requests/input-requests.view.js';
import type { AskedQuestion } from './answer-page.js';

/** The door for people with a link: one question to read and to answer, and nothing else. */
@Injectable()
export class AnswerLinks {
  /** Of links that are none. Apart from sign-ins: who opens an old link often shall still be able to sign in. */
  private readonly tries = new SignInLimiter(() => performance.now());

  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(RequestLimiter) private readonly requests: RequestLimiter,
  ) {}

  /** The question that the link is for; null when it is not asked any more. Throws 404 for what is no link, 429 after too many tries. */
  async read(request: Request, token: string): Promise<AskedQuestion | null> {
    const { tenantId, requestId } = await this.open(request, token);
    return this.transactions.inTransaction(tenantId, async (tx) => {
      const row = await readInputRequestWithTasks(tx, requestId);
      if (row.state !== 'open') return null;
      const { title } = await readMissionStatus(tx, row.missionId);
      return { ...inputRequestView(row), missionTitle: title };
    });
  }

  /** Answers it as a person, with what is read once the link is known to be good; throws what the API's own answer would be refused with. */
  async answer(request: Request, token: string, readInput: () => Promise<AnswerInput>): Promise<void> {
    const { tenantId, requestId, apiKeyId } = await this.open(request, token);
    const input = await readInput();
    const actor = { kind: 'person', id: encodeId('apiKey', apiKeyId) } as const;
    await this.transactions.inTransaction(tenantId, (tx) =>
      answerRequest(tx, requestId, input, { actor, trusted: true, byLink: true }),
    );
  }

  private async open(request: Request, token: string): Promise<AnswerLink> {
    const link = await findAnswerLink(this.transactions, token);
    if (link === null) throw this.refuse(request, token);
    const verdict = await this.requests.take(link.tenantId, link.requestsPerMinute);
    if (verdict?.allowed === false) throw tooManyTries(verdict.resetSeconds);
    return link;
  }

  /** Asked only of what is no link: behind a balancer all people share an address, and nobody guesses 256 bits. */
  private refuse(request: Request, token: string): ApiProblem {
    const attempt = { address: request.socket.remoteAddress ?? '', credential: token };
    const waitSeconds = this.tries.waitSeconds(attempt);
    if (waitSeconds > 0) return tooManyTries(waitSeconds);
    this.tries.noteFailure(attempt);
    return new ApiProblem(
      404,
      'link_not_valid',
      'This link is not valid, or not any more. Ask whoever sent it for another.',
    );
  }
}

function tooManyTries(waitSeconds: number): ApiProblem {
  return new ApiProblem(429, 'too_many_tries', `Please try again in ${waitSeconds} seconds.`, {
    retryAfterSeconds: waitSeconds,
  });
}
