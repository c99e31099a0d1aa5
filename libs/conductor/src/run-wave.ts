import {
  buildContext,
  canonicalJson,
  type ConductorRequest,
  type ContextInput,
  type ContextPack,
} from '#context';
import { contextLevel, encodeId } from '#contracts';
import type { Transactions } from '#database';
import { pickDueMission } from '#dispatch';
import {
  abortWave,
  commitWave,
  openWave,
  parkTenant,
  refNumber,
  type Abortion,
  type OpenWave,
  type StoredContext,
} from '#ledger';
import {
  BudgetError,
  ContextBoundError,
  fallbackModel,
  ModelFailure,
  UnprovedError,
  type ModelGateway,
} from '#model';
import { crashPoint, inSpan, measure, type Logger } from '#telemetry';
import { ledgerOfWave } from './conductor-ledger.js';
import { ConductorConversation, CUT_SHORT, type Conversation } from './conversation.js';
import { nextTry, type Try, type TryFailure } from './domain/next-try.js';
import { OvercommittedError } from './overcommitted-error.js';
import { holdWaveLease, type WaveLease } from './wave-lease.js';
import { WAVE_MS_MAX, WaveMeter } from './wave-meter.js';

export interface RunWaveDependencies {
  readonly transactions: Transactions;
  readonly gateway: ModelGateway;
  readonly logger: Logger;
  /** Aborts when this process is to stop: the wave in hand is given up and another process begins it afresh. */
  readonly shutdown: AbortSignal;
  /** Which due mission is next: the fairest, unless a benchmark compares another order with it. */
  readonly pick?: typeof pickDueMission;
}

/** Runs one wave from the fairest mission that is due: open, pack, ask, commit, gone. */
export class RunWave {
  constructor(private readonly dependencies: RunWaveDependencies) {}

  /** False when no mission was due. Whatever goes wrong with a wave is recorded on it, not thrown. */
  async run(): Promise<boolean> {
    const { transactions, shutdown, pick = pickDueMission } = this.dependencies;
    const wave = await transactions.inSystemTransaction(async (system) => {
      const picked = await pick(system);
      return picked === null ? null : openWave(await system.become(picked.tenantId), picked.missionId);
    });
    if (wave === null) return false;
    crashPoint('wave.opened');
    const openedAt = performance.now();
    const lease = holdWaveLease(transactions, wave, shutdown);
    try {
      const outcome = await inSpan('conduct wave', spanAttributes(wave), () => this.end(wave, lease));
      measure('wavekeeper.wave.duration', (performance.now() - openedAt) / 1_000, { outcome });
    } finally {
      lease.release();
    }
    return true;
  }

  private async end(wave: OpenWave, lease: WaveLease): Promise<'committed' | 'fenced_off' | 'aborted'> {
    try {
      return (await this.conduct(wave, lease)) ? 'committed' : 'fenced_off';
    } catch (error) {
      await this.abort(wave, error);
      return 'aborted';
    }
  }

  /** Whether it was committed. */
  private async conduct(wave: OpenWave, lease: WaveLease): Promise<boolean> {
    const meter = new WaveMeter(WAVE_MS_MAX);
    const { input, pack, conversation } = await this.packAndAsk(wave, { lease, meter });
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
        warnedAtTokens: isWarning(meter.peakTokens, wave) ? meter.peakTokens : null,
        spills: conversation.spills,
      }),
    );
    crashPoint('wave.after_commit');
    if (committed) measureContext(wave, { peakTokens: meter.peakTokens, pack });
    else this.dependencies.logger.info({ wave: wave.waveId }, 'a wave had been fenced off before its commit');
    return committed;
  }

  /** Packs and asks; again and otherwise where that can help (see `nextTry`), with what the wave has left. */
  private async packAndAsk(wave: OpenWave, ports: WavePorts): Promise<Asked> {
    let current: Try = firstTry(wave);
    for (;;) {
      const input: ContextInput = {
        snapshot: wave.snapshot,
        policy: { ...wave.policy, model: current.model },
        targetTokens: current.targetTokens,
      };
      const pack = buildContext(input);
      if (pack.kind === 'overcommitted') throw new OvercommittedError(pack.obligedTokens, pack.allowedTokens);
      crashPoint('wave.packed');
      try {
        const conversation = await this.converse(wave, pack.request, ports);
        return { input, pack, conversation };
      } catch (error) {
        const failure = tryFailureOf(error, { wave, model: current.model, packedTokens: pack.targetTokens });
        const next = failure === null ? null : nextTry(current, failure);
        if (next === null || ports.meter.requests >= wave.policy.requests_per_wave_max) throw error;
        this.reportTry(wave, error);
        current = next;
      }
    }
  }

  private converse(
    wave: OpenWave,
    request: ConductorRequest,
    { lease, meter }: WavePorts,
  ): Promise<Conversation> {
    const { gateway, transactions } = this.dependencies;
    const { tenantId, missionId, waveId, policy } = wave;
    const books = { tenantId, missionId, waveId, role: 'conductor' } as const;
    const ports = { gateway, books, ledger: ledgerOfWave(transactions, wave), lease, meter };
    const subject = { waveId, number: wave.snapshot.wave.number, policy };
    return new ConductorConversation(ports, subject, request).run();
  }

  /** That a provider found a request too large which our bound had let through is a defect of ours. */
  private reportTry(wave: OpenWave, error: unknown): void {
    const facts = { err: error, wave: wave.waveId, mission: wave.missionId };
    if (error instanceof ModelFailure && error.action === 'repack')
      this.dependencies.logger.error(
        facts,
        'a request was larger than its bound; the wave is packed for half',
      );
    else this.dependencies.logger.info(facts, 'a wave asks anew');
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
    if (error instanceof ModelFailure && error.action === 'park')
      await this.dependencies.transactions.inTransaction(wave.tenantId, (tx) =>
        parkTenant(tx, error.message),
      );
  }
}

/** What one wave has for itself. */
interface WavePorts {
  readonly lease: WaveLease;
  readonly meter: WaveMeter;
}

interface Asked {
  readonly input: ContextInput;
  readonly pack: ContextPack;
  readonly conversation: Conversation;
}

function firstTry({ policy }: OpenWave): Try {
  return {
    model: policy.model,
    targetTokens: policy.context_target_tokens,
    smaller: 0,
    isFallback: false,
    isHalved: false,
  };
}

/** Whether asking anew can help; null when it cannot. */
function tryFailureOf(
  error: unknown,
  asked: { readonly wave: OpenWave; readonly model: string; readonly packedTokens: number },
): TryFailure | null {
  if (error instanceof ContextBoundError) return { kind: 'bound', packedTokens: asked.packedTokens };
  if (!(error instanceof ModelFailure)) return null;
  if (error.action === 'repack')
    return { kind: 'window_exceeded', budgetTokens: asked.wave.policy.context_budget_tokens };
  return error.action === 'fall_back' ? { kind: 'refused', fallback: fallbackModel(asked.model) } : null;
}

/** What an error means for the mission. */
function abortionOf(error: unknown): Abortion {
  if (error instanceof OvercommittedError)
    return { kind: 'hold', hold: 'overcommitted', reason: error.message };
  if (error instanceof BudgetError)
    return error.kind === 'wait'
      ? { kind: 'wait', reason: 'budget_wait' }
      : { kind: 'hold', hold: 'budget', reason: 'budget_reached' };
  if (error instanceof UnprovedError) return { kind: 'hold', hold: 'provider', reason: error.message };
  if (error instanceof ModelFailure) return abortionOfFailure(error);
  return { kind: 'error', reason: error instanceof ContextBoundError ? 'context_bound' : 'internal_error' };
}

/** The failure's own kind is the reason, so that each way to fail can be told from the wave's row. */
function abortionOfFailure({ action, kind, message, retryAfterMs }: ModelFailure): Abortion {
  switch (action) {
    case 'delay':
    case 'back_off':
      return { kind: 'outage', reason: kind, retryAfterMs };
    case 'park':
    case 'ask':
      return { kind: 'hold', hold: 'provider', reason: kind, detail: message };
    case 'fall_back':
      return {
        kind: 'hold',
        hold: 'stalled',
        reason: kind,
        detail:
          'The model and its fallback refused to answer; change what the mission asks for, then resume.',
      };
    case 'stop':
      return { kind: 'lease_lost' };
    case 'start_over':
    case 'repack':
      return { kind: 'error', reason: kind };
  }
}

/** From the soft level on, the wave's commit says so. */
function isWarning(tokens: number, { policy }: OpenWave): boolean {
  return contextLevel(tokens, policy.context_budget_tokens) !== 'ok';
}

function measureContext(
  { policy }: OpenWave,
  { peakTokens, pack }: { readonly peakTokens: number; readonly pack: ContextPack },
): void {
  measure('wavekeeper.wave.context_tokens', peakTokens);
  measure('wavekeeper.wave.context_share', peakTokens / policy.context_budget_tokens);
  for (const { name, tokens } of pack.sections)
    measure('wavekeeper.context.section_tokens', tokens, { section: name });
}

function spanAttributes({ missionId, waveId, snapshot }: OpenWave) {
  return {
    'wavekeeper.mission.id': encodeId('mission', missionId),
    'wavekeeper.wave.id': encodeId('wave', waveId),
    'wavekeeper.wave.number': snapshot.wave.number,
  };
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
