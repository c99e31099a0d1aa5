import { Controller, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import { claimAttempts, type ClaimedAttempt } from '#attempts';
import { attemptSchema, briefSchema, claimInputSchema, taskSchema, type ClaimInput } from '#contracts';
import { Transactions } from '#database';
import { readAttempt, readTaskWithAttempts } from '#ledger';
import { attemptView } from '../attempts/attempts.view.js';
import { isApiKeyGood } from '#tenancy';
import { CurrentCall, type Call } from '../edge/call.js';
import { JsonBody } from '../edge/input.js';
import { unauthenticated } from '../edge/problem.js';
import { Route } from '../edge/route.js';
import { CommandRunner } from '../edge/run-command.js';
import { taskView } from '../tasks/tasks.view.js';
import { ClaimWaiting } from './claim-waiting.js';

const claimsSchema = z.object({
  data: z.array(
    z
      .object({
        attempt: attemptSchema,
        task: taskSchema,
        brief: briefSchema,
        lease_token: z.string(),
        lease_expires_at: z.iso.datetime(),
      })
      .meta({ id: 'Claim' }),
  ),
});

@Controller('v1/claims')
export class ClaimsController {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CommandRunner) private readonly commands: CommandRunner,
    @Inject(ClaimWaiting) private readonly waiting: ClaimWaiting,
  ) {}

  @Post()
  @Route({
    summary: 'Claim attempts of a pool, waiting for one when asked to',
    access: ['workers:claim'],
    narrowsToMission: true,
    answer: claimsSchema,
  })
  async claimAttempts(@CurrentCall() call: Call, @JsonBody(claimInputSchema) input: ClaimInput) {
    return this.commands.runApart(call, async () => {
      const claimed = await this.waiting.poll(() => this.claim(call, input), {
        waitMs: input.wait_seconds * 1_000,
        gone: goneSignal(call),
      });
      const data = await Promise.all(claimed.map((claim) => this.view(call, claim)));
      return { status: 200, body: { data } };
    });
  }

  /** Asked again and again while it waits: a key that is revoked meanwhile claims nothing more. */
  private async claim(call: Call, input: ClaimInput): Promise<ClaimedAttempt[]> {
    const { tenantId, principal } = call;
    if (!(await this.transactions.inTransaction(tenantId, (tx) => isApiKeyGood(tx, principal.keyId))))
      throw unauthenticated();
    return claimAttempts(this.transactions, {
      tenantId: call.tenantId,
      missionId: call.boundMissionId,
      pool: input.pool,
      max: input.max,
      leaseSeconds: input.lease_seconds,
      worker: input.worker,
    });
  }

  private async view(
    call: Call,
    claim: ClaimedAttempt,
  ): Promise<z.output<typeof claimsSchema>['data'][number]> {
    return this.transactions.inTransaction(call.tenantId, async (tx) => ({
      attempt: attemptView(await readAttempt(tx, claim.attemptId)),
      task: taskView(await readTaskWithAttempts(tx, claim.taskId)),
      brief: claim.brief,
      lease_token: claim.leaseToken,
      lease_expires_at: claim.leaseUntil.toISOString(),
    }));
  }
}

/** Aborted when the client hangs up: what it would have claimed stays for others. */
function goneSignal(call: Call): AbortSignal {
  const controller = new AbortController();
  call.response.once('close', () => controller.abort());
  return controller.signal;
}
