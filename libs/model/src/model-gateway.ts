import Anthropic, { APIConnectionError, APIError } from '@anthropic-ai/sdk';
import type { Message, MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages';
import type { Transactions } from '#database';
import { permitModelCall, settleModelCall, type NewModelCall } from '#ledger';
import { catalogueRow } from './domain/catalogue.js';
import { fitsCounted } from './domain/bound.js';
import { failureKind } from './domain/failure.js';
import { costUsd, isPremium, promptTokens, worstCaseUsd, type CountedUsage } from './domain/pricing.js';
import { startWatchdog, type Watchdog } from './watchdog.js';
import { BudgetError, ContextBoundError, ModelFailure } from './model-failure.js';

/** In all, from the intent on record to the settlement; after that the sweep settles a call at its worst case. */
const CALL_DEADLINE_MS = 660_000;

/** A provider that asks for longer is asked again all the same. */
const RETRY_AFTER_MS_MAX = 3_600_000;

export type MessagesBody = MessageCreateParamsNonStreaming;

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
  readonly signal: AbortSignal;
}

export interface ModelAnswer {
  readonly message: Message;
  readonly usage: CountedUsage;
  /** Exact input of this request, all three kinds together. */
  readonly promptTokens: number;
  /** What it cost, as a decimal string. */
  readonly costUsd: string;
}

export interface ModelGatewayOptions {
  readonly transactions: Transactions;
  /** The service's own key. */
  readonly apiKey: string;
  readonly baseUrl: string;
  /** The tenant's own key; null for the service's. Asked before every request: a key that was taken back is used no more. */
  readonly apiKeyOf?: (tenantId: string) => Promise<string | null>;
}

/**
 * The only way to a model. Every request is proven to fit its context budget, has its worst case reserved and its
 * intent on record before it is sent, and is settled from the provider's usage afterwards, also when it failed. Retries
 * are not its business: the ledger comes back to what is due.
 */
export class ModelGateway {
  private readonly client: Anthropic;

  constructor(private readonly options: ModelGatewayOptions) {
    this.client = new Anthropic({
      apiKey: options.apiKey,
      authToken: null,
      baseURL: options.baseUrl,
      maxRetries: 0, // the SDK would sleep out any retry-after while holding our slot
      logLevel: 'off',
    });
  }

  /**
   * Counts a request's input tokens with the provider. Throws `ModelFailure`.
   */
  async countTokens({
    tenantId,
    body,
    signal,
  }: Pick<ModelRequest, 'tenantId' | 'body' | 'signal'>): Promise<number> {
    const { model, messages, system, tools } = body;
    const client = await this.clientFor(tenantId);
    const watchdog = startWatchdog(signal);
    try {
      const counted = await client.messages.countTokens(
        {
          model,
          messages,
          ...(system === undefined ? {} : { system }),
          ...(tools === undefined ? {} : { tools }),
        },
        { signal: watchdog.signal },
      );
      return counted.input_tokens;
    } catch (error) {
      throw toFailure(error, watchdog);
    } finally {
      watchdog.stop();
    }
  }

  /** Sends one request. Throws `ContextBoundError`, `BudgetError` or `ModelFailure`; in the first two nothing was sent. */
  async ask(request: ModelRequest): Promise<ModelAnswer> {
    const countedTokens = await this.proveBound(request);
    const client = await this.clientFor(request.tenantId);
    const callId = await this.permit(request, countedTokens);
    const watchdog = startWatchdog(request.signal);
    let usage = NO_USAGE;
    let failure: string | null = 'interrupted';
    try {
      const stream = client.messages.stream(request.body, { signal: watchdog.signal });
      stream.on('streamEvent', (event) => {
        watchdog.beat();
        if (event.type === 'message_start') usage = usageOf(event.message.usage);
        if (event.type === 'message_delta') usage = { ...usage, output: event.usage.output_tokens };
      });
      const message = await stream.finalMessage();
      usage = usageOf(message.usage);
      failure = null;
      return {
        message,
        usage,
        promptTokens: promptTokens(usage),
        costUsd: costUsd(this.row(request), usage),
      };
    } catch (error) {
      const modelFailure = toFailure(error, watchdog);
      failure = modelFailure.kind;
      throw modelFailure;
    } finally {
      watchdog.stop();
      await this.settle(request, { callId, usage, failure });
    }
  }

  private async clientFor(tenantId: string): Promise<Anthropic> {
    const apiKey = await this.options.apiKeyOf?.(tenantId);
    return apiKey === null || apiKey === undefined ? this.client : this.client.withOptions({ apiKey });
  }

  private async proveBound(request: ModelRequest): Promise<number | null> {
    const { contextBudgetTokens: budgetTokens, provenTokens } = request;
    const counted = provenTokens === null ? await this.countTokens(request) : null;
    if (counted !== null && !fitsCounted(counted, budgetTokens))
      throw new ContextBoundError(counted, budgetTokens);
    const tokens = counted ?? provenTokens ?? budgetTokens;
    if (isPremium(this.row(request), tokens) && !request.allowPremium)
      throw new ModelFailure(
        'invalid_request',
        `${request.body.model} charges a premium for prompts this long; allow_premium is off`,
      );
    return counted;
  }

  private async permit(request: ModelRequest, countedTokens: number | null): Promise<string> {
    const { tenantId, body, contextBudgetTokens } = request;
    const permission = await this.options.transactions.inTransaction(tenantId, (tx) =>
      permitModelCall(tx, {
        missionId: request.missionId,
        waveId: request.waveId,
        attemptId: request.attemptId,
        role: request.role,
        model: body.model,
        budgetTokens: contextBudgetTokens,
        countedTokens,
        reservedUsd: worstCaseUsd(this.row(request), {
          inputTokens: contextBudgetTokens,
          outputTokens: body.max_tokens,
        }),
        deadlineMs: CALL_DEADLINE_MS,
      }),
    );
    if (permission.kind !== 'ok') throw new BudgetError(permission.kind);
    return permission.callId;
  }

  private async settle(
    request: ModelRequest,
    call: { readonly callId: string; readonly usage: CountedUsage; readonly failure: string | null },
  ): Promise<void> {
    const { usage } = call;
    await this.options.transactions.inTransaction(request.tenantId, (tx) =>
      settleModelCall(tx, call.callId, {
        tokens: {
          input: usage.input,
          cacheWrite: usage.cacheWrite5m + usage.cacheWrite1h,
          cacheRead: usage.cacheRead,
          output: usage.output,
        },
        costUsd: costUsd(this.row(request), usage),
        failure: call.failure,
      }),
    );
  }

  private row(request: ModelRequest) {
    return catalogueRow(request.body.model, new Date().toISOString().slice(0, 10));
  }
}

const NO_USAGE: CountedUsage = { input: 0, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 0 };

function usageOf(usage: Message['usage']): CountedUsage {
  const written = usage.cache_creation_input_tokens ?? 0;
  const written1h = usage.cache_creation?.ephemeral_1h_input_tokens ?? 0;
  return {
    input: usage.input_tokens,
    cacheWrite5m: written - written1h,
    cacheWrite1h: written1h,
    cacheRead: usage.cache_read_input_tokens ?? 0,
    output: usage.output_tokens,
  };
}

function toFailure(error: unknown, watchdog: Watchdog): ModelFailure {
  const api: APIError | null = error instanceof APIError ? error : null;
  const retryAfterSeconds = retryAfterOf(api);
  const kind = failureKind({
    status: api?.status ?? null,
    type: api?.type ?? null,
    errorCode: api?.errorCode ?? null,
    retryAfterSeconds,
    wasAborted: watchdog.abortedByCaller(),
    isConnection: error instanceof APIConnectionError || watchdog.timedOut(),
  });
  const status = api?.status === undefined ? '' : ` (HTTP ${api.status})`;
  return new ModelFailure(kind, `the model request failed: ${kind.replace('_', ' ')}${status}`, {
    cause: error,
    retryAfterMs: Math.min((retryAfterSeconds ?? 0) * 1_000, RETRY_AFTER_MS_MAX),
  });
}

function retryAfterOf(error: APIError | null): number | null {
  const seconds = Number(error?.headers?.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}
