import type { Message } from '@anthropic-ai/sdk/resources/messages';
import { estimateTokens } from '#contracts';
import type { Transactions } from '#database';
import { permitModelCall, readRateSamples, settleModelCall, type NewModelCall } from '#ledger';
import { count, measure } from '#telemetry';
import { AnthropicProvider } from './anthropic-provider.js';
import { estimatedBound, fits, tokenRate, type Bound, type BoundTier } from './domain/bound.js';
import { catalogueRow, isListed } from './domain/catalogue.js';
import {
  chargedUsd,
  costUsd,
  isPremium,
  NO_USAGE,
  promptTokens,
  worstCaseUsd,
  type CountedUsage,
} from './domain/pricing.js';
import { BudgetError, ContextBoundError, ModelFailure, UnprovedError } from './model-failure.js';
import type { MessagesBody, ModelProvider, Transmission } from './model-provider.js';
import { Pauses } from './pauses.js';
import { WATCHDOG_LIMITS, type WatchdogLimits } from './watchdog.js';

/** In all, from the intent on record to the settlement; after that the sweep settles a call at its worst case. */
const CALL_DEADLINE_MS = 660_000;

/** One model request: for whom it is, what it says, and what it may be at most. */
export interface ModelRequest {
  readonly tenantId: string;
  readonly missionId: string;
  readonly waveId: string | null;
  readonly attemptId: string | null;
  readonly role: NewModelCall['role'];
  readonly body: MessagesBody;
  readonly contextBudgetTokens: number;
  /** An upper bound of the input, proven without asking (see `provenTokens`); null asks the provider to count. */
  readonly provenTokens: number | null;
  readonly allowPremium: boolean;
  /** Whether an estimate will do where the provider cannot count; the gateway's own rule when it is not said. */
  readonly unproved?: 'refuse';
  /** Milliseconds that are left for it, where that is less than a request may take anyway. */
  readonly timeLeftMs?: number;
  readonly signal: AbortSignal;
}

/** A request with the key that it is sent with; null for the service's own. */
interface KeyedRequest extends ModelRequest {
  readonly apiKey: string | null;
}

export interface ModelAnswer {
  readonly message: Message;
  readonly usage: CountedUsage;
  /** Exact input of this request, all three kinds together. */
  readonly promptTokens: number;
  /** What it cost, as a decimal string. */
  readonly costUsd: string;
  /** What was reserved for it: the most that one like it can cost. */
  readonly atMostUsd: string;
}

export interface ModelGatewayOptions {
  readonly transactions: Transactions;
  /** The service's own key. */
  readonly apiKey: string;
  readonly baseUrl: string;
  /** The tenant's own key; null for the service's. Asked before every request: a key that was taken back is used no more. */
  readonly apiKeyOf?: (tenantId: string) => Promise<string | null>;
  /** Whether a request that the provider cannot count may be sent on an estimate; `send` when it is not said. */
  readonly unprovedRequests?: 'send' | 'refuse';
  readonly watchdog?: Partial<WatchdogLimits>;
  /** Who answers; the Messages API at `baseUrl` when it is not said. */
  readonly provider?: ModelProvider;
}

/** Since this gateway was made: requests by what proved that they fit, and those that did not fit after all. */
export interface GatewayCounters extends Readonly<Record<BoundTier, number>> {
  /** Stays 0: the provider counted more than the budget. */
  readonly budget_overruns_total: number;
}

/**
 * The only way to a model. Every request is proven to fit its context budget, has its worst case reserved and its
 * intent on record before it is sent, and is settled from the provider's usage afterwards, also when it failed. Retries
 * are not its business: the ledger comes back to what is due.
 */
export class ModelGateway {
  private readonly provider: ModelProvider;
  private readonly pauses = new Pauses();
  private readonly counted = { proved: 0, counted: 0, estimated: 0, budget_overruns_total: 0 };

  constructor(private readonly options: ModelGatewayOptions) {
    this.provider =
      options.provider ??
      new AnthropicProvider({ ...options, watchdog: { ...WATCHDOG_LIMITS, ...options.watchdog } });
    count('wavekeeper.context.budget_overruns', 0); // there to be seen before the first one
  }

  counters(): GatewayCounters {
    return { ...this.counted };
  }

  /**
   * Sends one request. Throws `ModelFailure`, also for an answer by which the provider rather than the model says that
   * it is none; or `ContextBoundError`, `UnprovedError` or `BudgetError`: then nothing was sent.
   */
  async ask(asked: ModelRequest): Promise<ModelAnswer> {
    const apiKey = (await this.options.apiKeyOf?.(asked.tenantId)) ?? null;
    const request: KeyedRequest = { ...asked, apiKey };
    const { body, contextBudgetTokens: budgetTokens, signal } = request;
    this.refuseDuringPause(request);
    const estimatedTokens = estimateTokens(JSON.stringify(body));
    const bound = await this.boundOf(request, estimatedTokens);
    if (!fits(bound, budgetTokens)) throw new ContextBoundError(bound.tokens, budgetTokens);
    this.refusePremium(request, bound);
    const callId = await this.permit(request, { bound, estimatedTokens });
    const timeLeftMs = request.timeLeftMs ?? Number.POSITIVE_INFINITY;
    const sentAt = performance.now();
    const sent = await this.provider.send({ body, apiKey, bound, budgetTokens, timeLeftMs, signal });
    this.counted[bound.tier] += 1;
    measureRequest(request, { bound, sent, seconds: (performance.now() - sentAt) / 1_000 });
    await this.settle(request, callId, sent);
    return this.answerOf(request, sent);
  }

  /** A provider that has asked to be left alone is, by everybody who would use the same key and model. */
  private refuseDuringPause(request: KeyedRequest): void {
    const retryAfterMs = this.pauses.leftMs(pausedBy(request), Date.now());
    if (retryAfterMs > 0)
      throw new ModelFailure('rate_limited', `the provider asked for a pause of ${request.body.model}`, {
        retryAfterMs,
      });
  }

  /** Proved from the last request where the caller could, else counted, else estimated. */
  private async boundOf(request: KeyedRequest, estimatedTokens: number): Promise<Bound> {
    const { body, apiKey, provenTokens, signal } = request;
    if (provenTokens !== null) return { tier: 'proved', tokens: provenTokens };
    const counted = await this.provider.countTokens({ body, apiKey, signal }).catch((error: unknown) => {
      throw this.heeded(request, error);
    });
    if (counted !== null) return { tier: 'counted', tokens: counted };
    if ((request.unproved ?? this.options.unprovedRequests) === 'refuse') throw new UnprovedError(body.model);
    const samples = await this.options.transactions.inTransaction(request.tenantId, (tx) =>
      readRateSamples(tx, body.model),
    );
    return estimatedBound(estimatedTokens, tokenRate(samples));
  }

  private refusePremium(request: ModelRequest, bound: Bound): void {
    if (isPremium(this.row(request), bound.tokens) && !request.allowPremium)
      throw new ModelFailure(
        'premium',
        `${request.body.model} charges a premium for prompts this long; shorten them or set allow_premium`,
      );
  }

  private async permit(
    request: ModelRequest,
    found: { readonly bound: Bound; readonly estimatedTokens: number },
  ): Promise<string> {
    const { tenantId, body, contextBudgetTokens } = request;
    const { bound, estimatedTokens } = found;
    const permission = await this.options.transactions.inTransaction(tenantId, (tx) =>
      permitModelCall(tx, {
        missionId: request.missionId,
        waveId: request.waveId,
        attemptId: request.attemptId,
        role: request.role,
        model: body.model,
        budgetTokens: contextBudgetTokens,
        countedTokens: bound.tier === 'counted' ? bound.tokens : null,
        boundTier: bound.tier,
        boundTokens: bound.tokens,
        estimatedTokens,
        reservedUsd: this.atMostUsd(request),
        deadlineMs: CALL_DEADLINE_MS,
      }),
    );
    if (permission.kind !== 'ok') throw new BudgetError(permission.kind);
    return permission.callId;
  }

  private async settle(
    request: ModelRequest,
    callId: string,
    { outcome, billing }: Transmission,
  ): Promise<void> {
    const usage = billing.kind === 'unknown' ? NO_USAGE : billing.usage;
    if (promptTokens(usage) > request.contextBudgetTokens) {
      this.counted.budget_overruns_total += 1;
      count('wavekeeper.context.budget_overruns');
    }
    await this.options.transactions.inTransaction(request.tenantId, (tx) =>
      settleModelCall(tx, callId, {
        tokens: {
          input: usage.input,
          cacheWrite: usage.cacheWrite5m + usage.cacheWrite1h,
          cacheRead: usage.cacheRead,
          output: usage.output,
        },
        costUsd: chargedUsd(this.row(request), billing, request.body.max_tokens),
        billingUncertain: billing.kind !== 'known',
        stopReason: outcome instanceof ModelFailure ? null : outcome.stop_reason,
        failure: outcome instanceof ModelFailure ? outcome.kind : null,
      }),
    );
  }

  private answerOf(request: KeyedRequest, { outcome, billing }: Transmission): ModelAnswer {
    if (outcome instanceof ModelFailure) throw this.heeded(request, outcome);
    const usage = billing.kind === 'unknown' ? NO_USAGE : billing.usage;
    return {
      message: outcome,
      usage,
      promptTokens: promptTokens(usage),
      costUsd: costUsd(this.row(request), usage),
      atMostUsd: this.atMostUsd(request),
    };
  }

  private atMostUsd(request: ModelRequest): string {
    return worstCaseUsd(this.row(request), {
      inputTokens: request.contextBudgetTokens,
      outputTokens: request.body.max_tokens,
    });
  }

  /** A failure that asks for a pause begins it. */
  private heeded(request: KeyedRequest, failure: unknown): unknown {
    if (failure instanceof ModelFailure && failure.action === 'delay')
      this.pauses.begin(pausedBy(request), Date.now() + failure.retryAfterMs);
    return failure;
  }

  private row(request: ModelRequest) {
    return catalogueRow(request.body.model, new Date().toISOString().slice(0, 10));
  }
}

function measureRequest(
  { role, body: { model } }: ModelRequest,
  { bound, sent, seconds }: { readonly bound: Bound; readonly sent: Transmission; readonly seconds: number },
): void {
  const { outcome, billing } = sent;
  // A model's name is a tenant's to choose: only one that is known becomes a label.
  const attributes = { 'gen_ai.request.model': isListed(model) ? model : 'other', 'wavekeeper.role': role };
  count('wavekeeper.model.requests', 1, { bound: bound.tier });
  measure('gen_ai.client.operation.duration', seconds, {
    ...attributes,
    ...(outcome instanceof ModelFailure ? { 'error.type': outcome.kind } : {}),
  });
  if (billing.kind === 'unknown') return;
  const { input, cacheWrite5m, cacheWrite1h, cacheRead, output } = billing.usage;
  const tokens = { input, cache_write: cacheWrite5m + cacheWrite1h, cache_read: cacheRead, output };
  for (const [type, used] of Object.entries(tokens))
    measure('gen_ai.client.token.usage', used, { ...attributes, 'gen_ai.token.type': type });
}

/** Who shares a pause: all requests for a model by the service's key, or by a tenant's own. */
function pausedBy({ apiKey, tenantId, body }: KeyedRequest): string {
  return apiKey === null ? body.model : `${tenantId} ${body.model}`;
}
