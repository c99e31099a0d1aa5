import { buildContext, canonicalJson, type ContextInput, type ContextPack } from '#context';
import type { Transactions } from '#database';
import { pickDueMission } from '#dispatch';
import {
  abortWave,
  commitWave,
  openWave,
  refNumber,
  type Abortion,
  type OpenWave,
  type StoredContext,
} from '#ledger';
import { BudgetError, ContextBoundError, ModelFailure, type ModelGateway } from '#model';
import { crashPoint, type Logger } from '#telemetry';
import { ConductorConversation, CUT_SHORT, type Conversation } from './conversation.js';
import { holdWaveLease, type WaveLease } from './wave-lease.js';

/** When the provider counts more than the builder estimated, the pack is made again for this share of its target. */
const REPACK_SHARE = 0.8;
const PACKS_MAX = 5;

export interface RunWaveDependencies {
  readonly transactions: Transactions;
  readonly gateway: ModelGateway;
  readonly logger: Logger;
  /** Aborts when this process is to stop: the wave in hand is given up and another process begins it afresh. */
  readonly shutdown: AbortSignal;
}

/** Runs one wave from the fairest mission that is due: open, pack, ask, commit, gone. */
export class RunWave {
  constructor(private readonly dependencies: RunWaveDependencies) {}

  /** False when no mission was due. Whatever goes wrong with a wave is recorded on it, not thrown. */
  async run(): Promise<boolean> {
    const { transactions, shutdown } = this.dependencies;
    const wave = await transactions.inSystemTransaction(async (system) => {
      const picked = await pickDueMission(system);
      return picked === null ? null : openWave(await system.become(picked.tenantId), picked.missionId);
    });
    if (wave === null) return false;
    crashPoint('wave.opened');
    const lease = holdWaveLease(transactions, wave, shutdown);
    try {
      await this.conduct(wave, lease);
    } catch (error) {
      await this.abort(wave, error);
    } finally {
      lease.release();
    }
    return true;
  }

  private async conduct(wave: OpenWave, lease: WaveLease): Promise<void> {
    const { input, pack, conversation } = await this.packAndAsk(wave, lease);
    crashPoint('wave.before_commit');
    const committed = await this.dependencies.transactions.inTransaction(wave.tenantId, (tx) =>
      commitWave(tx, {
        missionId: wave.missionId,
        waveId: wave.waveId,
        epoch: wave.epoch,
        trigger: wave.snapshot.wave.trigger,
        writes: conversation.writes,
        stopReason: conversation.stopReason,
        seenInboxSeqs: CUT_SHORT.has(conversation.stopReason)
          ? []
          : pack.shownInboxRefs.flatMap((ref) => refNumber('I', ref) ?? []),
        context: storedContext(wave, { input, pack, conversation }),
      }),
    );
    crashPoint('wave.after_commit');
    if (!committed)
      this.dependencies.logger.info({ wave: wave.waveId }, 'a wave had been fenced off before its commit');
  }

  /** Packs for the policy's target; for less while the provider counts more than can be sent. */
  private async packAndAsk(wave: OpenWave, lease: WaveLease): Promise<Asked> {
    let targetTokens = wave.policy.context_target_tokens;
    for (let packs = 1; ; packs += 1) {
      const input: ContextInput = { snapshot: wave.snapshot, policy: wave.policy, targetTokens };
      const pack = buildContext(input);
      if (pack.kind === 'overcommitted') throw new OvercommittedError(pack.obligedTokens, pack.allowedTokens);
      crashPoint('wave.packed');
      try {
        const conversation = await new ConductorConversation(
          { ...this.dependencies, lease },
          wave,
          pack.request,
        ).run();
        return { input, pack, conversation };
      } catch (error) {
        if (!(error instanceof ContextBoundError) || packs === PACKS_MAX) throw error;
        targetTokens = Math.floor(pack.targetTokens * REPACK_SHARE);
      }
    }
  }

  private async abort(wave: OpenWave, error: unknown): Promise<void> {
    const abortion = this.dependencies.shutdown.aborted
      ? ({ kind: 'lease_lost' } as const)
      : abortionOf(error);
    this.dependencies.logger.warn(
      { err: error, wave: wave.waveId, mission: wave.missionId },
      'a wave was aborted',
    );
    await this.dependencies.transactions.inTransaction(wave.tenantId, (tx) => abortWave(tx, wave, abortion));
  }
}

interface Asked {
  readonly input: ContextInput;
  readonly pack: ContextPack;
  readonly conversation: Conversation;
}

/** The mission obliges its conductor to read more than fits beside the work. */
class OvercommittedError extends Error {
  constructor(obligedTokens: number, allowedTokens: number) {
    super(
      `charter, directives, open questions and work in flight take ${obligedTokens} tokens of the ${allowedTokens} they may`,
    );
  }
}

/** What an error means for the mission. */
function abortionOf(error: unknown): Abortion {
  if (error instanceof OvercommittedError)
    return { kind: 'hold', hold: 'overcommitted', reason: error.message };
  if (error instanceof BudgetError)
    return error.kind === 'wait'
      ? { kind: 'wait', reason: 'budget_wait' }
      : { kind: 'hold', hold: 'budget', reason: 'budget_reached' };
  if (error instanceof ModelFailure) {
    if (error.kind === 'account') return { kind: 'hold', hold: 'provider', reason: error.message };
    if (error.kind === 'aborted') return { kind: 'lease_lost' };
    if (error.kind === 'outage' || error.kind === 'rate_limited')
      return { kind: 'outage', reason: error.kind, retryAfterMs: error.retryAfterMs };
    return { kind: 'error', reason: error.kind };
  }
  return { kind: 'error', reason: error instanceof ContextBoundError ? 'context_bound' : 'internal_error' };
}

function storedContext(wave: OpenWave, { input, pack, conversation }: Asked): StoredContext {
  return {
    inputJson: canonicalJson(input),
    requestsJson: canonicalJson(conversation.requests),
    requestSha256: pack.requestSha256,
    manifest: {
      seq: wave.snapshot.mission.lastEventSeq,
      builder_version: pack.builderVersion,
      budget_tokens: wave.policy.context_budget_tokens,
      target_tokens: pack.targetTokens,
      total_tokens: pack.totalTokens,
      counted_tokens: conversation.firstRequestTokens,
      prefix_sha256: pack.prefixSha256,
      sections: [...pack.sections],
    },
  };
}
