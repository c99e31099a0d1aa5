import { BUILTIN_POOL, type Actor, type AttemptUsage, type ResultInput } from '#contracts';
import type { Transactions, Tx } from '#database';
import {
  completeAttempt,
  failAttempt,
  holdMission,
  inMission,
  parkTenant,
  readWorkerPolicy,
  releaseAttempt,
  type AttemptOutcome,
  type WorkerPolicy,
} from '#ledger';
import {
  BudgetError,
  ContextBoundError,
  ModelFailure,
  fallbackModel,
  UnprovedError,
  type MessagesBody,
  type ModelAnswer,
  type ModelGateway,
} from '#model';
import { crashPoint, type Logger } from '#telemetry';
import { claimAttempts, type ClaimedAttempt } from './claim-attempts.js';
import { briefText, WORKER_SYSTEM_TEXT } from './domain/brief-text.js';
import { resultOfText } from './domain/result-text.js';
import { holdAttempt, type AttemptHold } from './hold-attempt.js';

const BUILTIN_LEASE_SECONDS = 15;
/** A brief is written for this share of the budget; when the provider counts more, for less. */
const BRIEF_SHARES = [0.6, 0.4, 0.25, 0.12];
/** After an outage the attempt is offered again, but not at once. */
const OUTAGE_PAUSE_MS = 5_000;

const ACTOR: Actor = { kind: 'worker', id: BUILTIN_POOL };

export interface RunAttemptDependencies {
  readonly transactions: Transactions;
  readonly gateway: ModelGateway;
  readonly logger: Logger;
  /** Aborts when this process is to stop: the attempt in hand is given back, counted as nothing. */
  readonly shutdown: AbortSignal;
}

type End = (tx: Tx, attempt: ClaimedAttempt) => Promise<AttemptOutcome>;

/** The built-in model worker: claims one attempt, asks the model with the brief, hands in what it answers. */
export class RunAttempt {
  constructor(private readonly dependencies: RunAttemptDependencies) {}

  /** False when nothing was offered to the built-in pool. Whatever goes wrong with an attempt is recorded on it. */
  async run(): Promise<boolean> {
    const { transactions, shutdown } = this.dependencies;
    const [attempt] = await claimAttempts(transactions, {
      tenantId: null,
      missionId: null,
      pool: BUILTIN_POOL,
      max: 1,
      leaseSeconds: BUILTIN_LEASE_SECONDS,
      worker: BUILTIN_POOL,
    });
    if (attempt === undefined) return false;
    crashPoint('attempt.claimed');
    const hold = holdAttempt(transactions, attempt, { leaseSeconds: BUILTIN_LEASE_SECONDS, shutdown });
    try {
      await this.finish(attempt, await this.work(attempt, hold));
    } finally {
      hold.release();
    }
    return true;
  }

  /** How the attempt is to end: its result, its failure, or its return. */
  private async work(attempt: ClaimedAttempt, hold: AttemptHold): Promise<End> {
    try {
      const { message, usage, promptTokens, costUsd } = await this.ask(attempt, hold);
      crashPoint('attempt.after_request');
      const isWhole = message.stop_reason === 'end_turn';
      const result = isWhole ? resultOfText(textOf(message)) : null;
      const spent: AttemptUsage = {
        input_tokens: promptTokens,
        output_tokens: usage.output,
        cost_usd: costUsd,
      };
      return result === null
        ? failWith(
            isWhole
              ? 'the model answered with nothing'
              : `the answer broke off: ${String(message.stop_reason)}`,
            spent,
          )
        : completeWith(result, spent);
    } catch (error) {
      this.dependencies.logger.warn(
        { err: error, attempt: attempt.attemptId },
        'an attempt did not come to a result',
      );
      return this.endAfter(error);
    }
  }

  /** Asks the policy's model; when it refuses, the fallback once. */
  private async ask(attempt: ClaimedAttempt, hold: AttemptHold): Promise<ModelAnswer> {
    const policy = await this.dependencies.transactions.inTransaction(attempt.tenantId, (tx) =>
      readWorkerPolicy(tx, attempt.missionId),
    );
    const answer = await this.askWithin(attempt, hold, policy);
    const fallback = fallbackModel(policy.model);
    return answer.message.stop_reason === 'refusal' && fallback !== null
      ? this.askWithin(attempt, hold, { ...policy, model: fallback })
      : answer;
  }

  /** Asks with as much of the brief as the budget lets through. */
  private async askWithin(
    attempt: ClaimedAttempt,
    hold: AttemptHold,
    policy: WorkerPolicy,
  ): Promise<ModelAnswer> {
    const { gateway } = this.dependencies;
    for (const [place, share] of BRIEF_SHARES.entries()) {
      try {
        return await gateway.ask({
          tenantId: attempt.tenantId,
          missionId: attempt.missionId,
          waveId: null,
          attemptId: attempt.attemptId,
          role: 'worker',
          body: workerBody(attempt, policy, share),
          contextBudgetTokens: policy.contextBudgetTokens,
          provenTokens: null,
          allowPremium: policy.allowPremium,
          signal: hold.signal,
        });
      } catch (error) {
        if (!(error instanceof ContextBoundError) || place === BRIEF_SHARES.length - 1) throw error;
      }
    }
    throw new Error('no share of the budget was tried');
  }

  private endAfter(error: unknown): End {
    if (this.dependencies.shutdown.aborted) return release(0);
    if (error instanceof BudgetError) return release(OUTAGE_PAUSE_MS);
    if (error instanceof UnprovedError) return holdAndRelease(error.message);
    if (!(error instanceof ModelFailure)) return failWith('the worker failed', undefined);
    switch (error.action) {
      case 'ask':
        return holdAndRelease(error.message);
      case 'park':
        return parkAndRelease(error.message);
      case 'delay':
      case 'back_off':
        return release(Math.max(OUTAGE_PAUSE_MS, error.retryAfterMs));
      default:
        return failWith(error.message, undefined);
    }
  }

  /** Says the attempt's last word. A lost lease, or a cancellation, means that nobody waits for it any more. */
  private async finish(attempt: ClaimedAttempt, end: End): Promise<void> {
    const { transactions, logger } = this.dependencies;
    crashPoint('attempt.before_complete');
    const outcome = await transactions.inTransaction(attempt.tenantId, (tx) => end(tx, attempt));
    crashPoint('attempt.after_complete');
    if (!outcome.accepted)
      logger.info({ attempt: attempt.attemptId, code: outcome.code }, 'an attempt ended without its lease');
  }
}

function completeWith(result: ResultInput, usage: AttemptUsage): End {
  return (tx, { attemptId, leaseToken }) =>
    completeAttempt(tx, attemptId, { leaseToken, result, usage }, ACTOR);
}

function failWith(message: string, usage: AttemptUsage | undefined): End {
  return (tx, { attemptId, leaseToken }) =>
    failAttempt(tx, attemptId, { leaseToken, error: { message, retryable: true }, usage }, ACTOR);
}

function release(delayMs: number): End {
  return (tx, { attemptId, leaseToken }) => releaseAttempt(tx, attemptId, { leaseToken, delayMs }, ACTOR);
}

/** The provider takes no more of the tenant's money: whatever else it would ask would be refused as well. */
function parkAndRelease(reason: string): End {
  return async (tx, attempt) => {
    await parkTenant(tx, reason);
    return release(OUTAGE_PAUSE_MS)(tx, attempt);
  };
}

/** The provider refuses us, not this request: a person has to act before anything more is asked. */
function holdAndRelease(reason: string): End {
  return async (tx, attempt) => {
    await inMission(tx, attempt.missionId, (ledger) => holdMission(ledger, 'provider', reason));
    return release(OUTAGE_PAUSE_MS)(tx, attempt);
  };
}

function workerBody(attempt: ClaimedAttempt, policy: WorkerPolicy, share: number): MessagesBody {
  return {
    model: policy.model,
    max_tokens: policy.outputTokensMax,
    system: WORKER_SYSTEM_TEXT,
    messages: [
      {
        role: 'user',
        content: briefText(attempt.brief, attempt.leaseToken, Math.floor(policy.contextBudgetTokens * share)),
      },
    ],
  };
}

function textOf(message: ModelAnswer['message']): string {
  return message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
}
