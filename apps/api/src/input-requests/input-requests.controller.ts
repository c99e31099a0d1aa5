import { Controller, Get, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import {
  answerInputSchema,
  answerLinkInputSchema,
  answerLinkSchema,
  encodeId,
  inputRequestSchema,
  inputRequestStateSchema,
  pageOf,
  type AnswerInput,
  type AnswerLinkInput,
} from '#contracts';
import { Transactions } from '#database';
import { listInputRequests, readInputRequestWithTasks, type Resource } from '#ledger';
import { createAnswerLink, recordAudit } from '#tenancy';
import { ANSWER_PATH } from '../answer-links/answer-page.js';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { JsonBody, QueryOf } from '../edge/input.js';
import { missionsAsked } from '../edge/mission-named.js';
import { pageQuery, readTimeCursor, timeCursor, toPage } from '../edge/page.js';
import { ApiProblem } from '../edge/problem.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { answerRequest } from './answer-request.js';
import { inputRequestView } from './input-requests.view.js';

const listQuery = pageQuery.extend({
  mission_id: z.string().optional(),
  state: inputRequestStateSchema.optional(),
});

const SECOND_MS = 1_000;

@Controller('v1/input-requests')
export class InputRequestsController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
  ) {}

  @Get()
  @Route({
    summary: 'List what people are asked, newest first',
    access: ['missions:read'],
    narrowsToMission: true,
    answer: pageOf(inputRequestSchema),
  })
  async listInputRequests(@CurrentCall() call: Call, @QueryOf(listQuery) query: z.output<typeof listQuery>) {
    const asked = missionsAsked(call, query.mission_id);
    if (asked === 'none') return { data: [], next_cursor: null };
    const page = { after: readTimeCursor(query.cursor), take: query.limit + 1 };
    const filter = { ...asked, state: query.state ?? null };
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) =>
      listInputRequests(tx, filter, page),
    );
    return toPage(rows, query.limit, { view: inputRequestView, cursor: timeCursor });
  }

  @Get(':id')
  @Route({
    summary: 'Read what a person is asked, and the answer',
    access: ['missions:read'],
    subject: 'inputRequest',
    answer: inputRequestSchema,
  })
  async readInputRequest(@CurrentCall() call: Call, @Subject() request: Resource) {
    return this.transactions.inTransaction(call.tenantId, async (tx) =>
      inputRequestView(await readInputRequestWithTasks(tx, request.id)),
    );
  }

  @Post(':id/answer')
  @Route({
    summary: 'Answer; the first answer wins, and what waited goes on',
    access: ['missions:write', 'messages:write'],
    subject: 'inputRequest',
    answer: inputRequestSchema,
  })
  async answerInputRequest(
    @CurrentCall() call: Call,
    @Subject() request: Resource,
    @JsonBody(answerInputSchema) input: AnswerInput,
  ) {
    return this.commands.run(call, async (tx) => ({
      status: 200,
      body: await answerRequest(tx, request.id, input, call),
    }));
  }

  @Post(':id/answer-links')
  @Route({
    summary: 'Make a link by which a person answers this question in a browser, without signing in',
    access: ['missions:write'],
    subject: 'inputRequest',
    status: 201,
    answer: answerLinkSchema,
  })
  async createAnswerLink(
    @CurrentCall() call: Call,
    @Subject() request: Resource,
    @JsonBody(answerLinkInputSchema) input: AnswerLinkInput,
  ) {
    return this.commands.run(call, async (tx) => {
      const { state, deadlineAt } = await readInputRequestWithTasks(tx, request.id);
      if (state !== 'open')
        throw new ApiProblem(409, 'input_request_closed', 'This is not asked any more: it takes no answer.');
      const lastsUntil = new Date(tx.now.getTime() + input.expires_in_seconds * SECOND_MS);
      const { token, expiresAt } = await createAnswerLink(tx, {
        requestId: request.id,
        apiKeyId: call.keyId,
        expiresAt: deadlineAt !== null && deadlineAt < lastsUntil ? deadlineAt : lastsUntil,
      });
      const expires_at = expiresAt.toISOString();
      await recordAudit(tx, {
        actor: call.actor,
        action: 'answer_link.created',
        subjectId: encodeId('inputRequest', request.id),
        after: { expires_at },
      });
      return { status: 201, body: { path: `${ANSWER_PATH}/${token}`, expires_at } };
    });
  }
}
