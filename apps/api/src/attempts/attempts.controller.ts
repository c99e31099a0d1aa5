import { Controller, Inject, Post } from '@nestjs/common';
import type { z } from 'zod';
import {
  attemptSchema,
  completeInputSchema,
  failInputSchema,
  heartbeatInputSchema,
  heartbeatSchema,
  releaseInputSchema,
  taskSchema,
} from '#contracts';
import type { Tx } from '#database';
import {
  acceptLateResult,
  completeAttempt,
  failAttempt,
  heartbeatAttempt,
  readAttempt,
  readTaskWithAttempts,
  releaseAttempt,
  type AttemptRefusal,
  type AttemptOutcome,
  type Resource,
} from '#ledger';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { JsonBody } from '../edge/input.js';
import { ApiProblem } from '../edge/problem.js';
import { Route } from '../edge/route.js';
import { CommandRunner, problemReply, type Reply } from '../edge/run-command.js';
import { taskView } from '../tasks/tasks.view.js';
import { attemptView } from './attempts.view.js';

const RESULT_BYTES_MAX = 1_024 * 1_024;
const VERB = { access: ['workers:claim'], subject: 'attempt', answer: attemptSchema } as const;

@Controller('v1/attempts/:id')
export class AttemptsController {
  constructor(@Inject(CommandRunner) private readonly commands: CommandRunner) {}

  @Post('heartbeat')
  @Route({ ...VERB, summary: 'Keep the lease, and say how far it is', answer: heartbeatSchema })
  async heartbeatAttempt(
    @CurrentCall() call: Call,
    @Subject() attempt: Resource,
    @JsonBody(heartbeatInputSchema) input: z.output<typeof heartbeatInputSchema>,
  ) {
    return this.commands.run(call, async (tx) => {
      const beat = { leaseToken: input.lease_token, progress: input.progress, message: input.message };
      const outcome = await heartbeatAttempt(tx, attempt.id, beat);
      if (!outcome.accepted) return refusalReply(call, outcome);
      return { status: 200, body: { lease_expires_at: outcome.leaseUntil.toISOString() } };
    });
  }

  @Post('complete')
  @Route({ ...VERB, summary: 'Hand in the result; saying it again changes nothing' })
  async completeAttempt(
    @CurrentCall() call: Call,
    @Subject() attempt: Resource,
    @JsonBody(completeInputSchema, RESULT_BYTES_MAX) input: z.output<typeof completeInputSchema>,
  ) {
    return this.end(call, attempt, (tx) => {
      const body = { leaseToken: input.lease_token, result: input.result, usage: input.usage };
      return completeAttempt(tx, attempt.id, body, call.actor);
    });
  }

  @Post('fail')
  @Route({ ...VERB, summary: 'Say that the attempt failed' })
  async failAttempt(
    @CurrentCall() call: Call,
    @Subject() attempt: Resource,
    @JsonBody(failInputSchema) input: z.output<typeof failInputSchema>,
  ) {
    return this.end(call, attempt, (tx) => {
      const body = { leaseToken: input.lease_token, error: input.error, usage: input.usage };
      return failAttempt(tx, attempt.id, body, call.actor);
    });
  }

  @Post('release')
  @Route({ ...VERB, summary: 'Give the lease back: the attempt is offered again' })
  async releaseAttempt(
    @CurrentCall() call: Call,
    @Subject() attempt: Resource,
    @JsonBody(releaseInputSchema) input: z.output<typeof releaseInputSchema>,
  ) {
    return this.end(call, attempt, (tx) =>
      releaseAttempt(tx, attempt.id, { leaseToken: input.lease_token }, call.actor),
    );
  }

  @Post('accept-late-result')
  @Route({
    summary: 'Complete the task with a result that came after its lease had run out',
    access: ['missions:write'],
    subject: 'attempt',
    answer: taskSchema,
  })
  async acceptLateResult(@CurrentCall() call: Call, @Subject() attempt: Resource) {
    return this.commands.run(call, async (tx) => {
      const { taskId } = await acceptLateResult(tx, attempt.id, call.actor);
      return { status: 200, body: taskView(await readTaskWithAttempts(tx, taskId)) };
    });
  }

  private end(call: Call, attempt: Resource, verb: (tx: Tx) => Promise<AttemptOutcome>): Promise<unknown> {
    return this.commands.run(call, async (tx) => {
      const outcome = await verb(tx);
      if (!outcome.accepted) return refusalReply(call, outcome);
      return { status: 200, body: attemptView(await readAttempt(tx, attempt.id)) };
    });
  }
}

/** Answered, not thrown: a late body was kept in this transaction. */
function refusalReply(call: Call, refusal: AttemptRefusal): Reply {
  return problemReply(call.request, new ApiProblem(409, refusal.code, refusal.message));
}
