import Anthropic, { APIConnectionError, APIError } from '@anthropic-ai/sdk';
import type { Message, MessageDeltaUsage } from '@anthropic-ai/sdk/resources/messages';
import { fits } from './domain/bound.js';
import { failureKind, type FailureKind } from './domain/failure.js';
import { NO_USAGE, type Billing, type CountedUsage } from './domain/pricing.js';
import { ModelFailure } from './model-failure.js';
import type { MessagesBody, ModelProvider, OutgoingRequest, Transmission } from './model-provider.js';
import { startWatchdog, type Watchdog, type WatchdogLimits } from './watchdog.js';

/** A provider that asks for longer is asked again all the same. */
const RETRY_AFTER_MS_MAX = 3_600_000;

/** Statuses by which a provider says that it has no such endpoint. */
const CANNOT_COUNT_STATUSES: ReadonlySet<unknown> = new Set([404, 405, 501]);

/** Failures to connect: nobody can have answered, so nobody charges. */
const NEVER_ARRIVED_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

export interface AnthropicProviderOptions {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly watchdog: WatchdogLimits;
}

/** The Messages API through its SDK, of which it uses the wire and none of the habits: no retries, no threads. */
export class AnthropicProvider implements ModelProvider {
  private readonly client: Anthropic;

  constructor(private readonly options: AnthropicProviderOptions) {
    this.client = new Anthropic({
      apiKey: options.apiKey, // both always: with neither, the SDK looks for profiles on disk
      authToken: null,
      baseURL: options.baseUrl,
      maxRetries: 0, // the SDK would sleep out any retry-after while holding our slot
      timeout: options.watchdog.totalMs, // ends at the headers; what follows them is the watchdog's
      logLevel: 'off',
      // Said here, so that no variable of the environment puts a tenant's text into spans.
      openTelemetry: { propagation: false, traces: { contentMode: 'metadata_only' } },
    });
  }

  async countTokens({
    body,
    apiKey,
    signal,
  }: Pick<OutgoingRequest, 'body' | 'apiKey' | 'signal'>): Promise<number | null> {
    const { model, messages, system, tools, thinking, tool_choice } = body;
    const watchdog = startWatchdog(signal, this.options.watchdog);
    try {
      const counted = await this.clientWith(apiKey).messages.countTokens(
        {
          model,
          messages,
          ...(system === undefined ? {} : { system }),
          ...(tools === undefined ? {} : { tools }),
          ...(thinking === undefined ? {} : { thinking }),
          ...(tool_choice === undefined ? {} : { tool_choice }),
        },
        { signal: watchdog.signal },
      );
      return Number.isSafeInteger(counted.input_tokens) ? counted.input_tokens : null;
    } catch (error) {
      if (error instanceof APIError && CANNOT_COUNT_STATUSES.has(error.status)) return null;
      throw toFailure(error, { watchdog, hasBegun: false });
    } finally {
      watchdog.stop();
    }
  }

  private clientWith(apiKey: string | null): Anthropic {
    return apiKey === null ? this.client : this.client.withOptions({ apiKey });
  }

  async send(request: OutgoingRequest): Promise<Transmission> {
    const { watchdog: limits } = this.options;
    const totalMs = Math.max(0, Math.min(limits.totalMs, request.timeLeftMs));
    const watchdog = startWatchdog(request.signal, { ...limits, totalMs });
    const bill = new RunningBill();
    try {
      const stream = this.clientWith(request.apiKey).messages.stream(request.body, {
        signal: watchdog.signal,
        middleware: [
          // The last line of defence: what leaves is the body that was found to fit, or nothing leaves.
          (outgoing, next) => {
            if (!fits(request.bound, request.budgetTokens) || outgoing.body !== wireText(request.body))
              return Promise.reject(new OutOfBoundsError());
            bill.leaves();
            return next(outgoing);
          },
        ],
      });
      stream.on('streamEvent', (event) => {
        watchdog.beat();
        if (event.type === 'message_start') bill.begins(event.message.usage);
        if (event.type === 'message_delta') bill.ends(event.usage);
      });
      const message = await stream.finalMessage();
      return { outcome: message, billing: bill.billing };
    } catch (error) {
      if (error instanceof APIError && error.status !== undefined) bill.isRefused();
      if (NEVER_ARRIVED_CODES.has(codeOf(error))) bill.isRefused();
      return {
        outcome: toFailure(error, { watchdog, hasBegun: bill.billing.kind === 'partial' }),
        billing: bill.billing,
      };
    } finally {
      watchdog.stop();
    }
  }
}

/** A body that is not the one that was found to fit; it was not sent. */
class OutOfBoundsError extends Error {
  constructor() {
    super('the outgoing body is not within its bound');
  }
}

/** The bytes that the SDK makes of a body that it streams. */
function wireText(body: MessagesBody): string {
  return JSON.stringify({ ...body, stream: true });
}

/** What a request has cost so far. */
class RunningBill {
  billing: Billing = { kind: 'known', usage: NO_USAGE };

  /** From here on it may be answered, and charged, without anybody hearing of it. */
  leaves(): void {
    this.billing = { kind: 'unknown' };
  }

  begins(usage: Message['usage']): void {
    this.billing = { kind: 'partial', usage: usageOf(usage) };
  }

  ends(usage: MessageDeltaUsage): void {
    if (this.billing.kind !== 'unknown')
      this.billing = { kind: 'known', usage: { ...this.billing.usage, output: usage.output_tokens } };
  }

  /** Answered with an error, or never arrived: not charged. */
  isRefused(): void {
    this.billing = { kind: 'known', usage: NO_USAGE };
  }
}

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

function toFailure(
  error: unknown,
  sent: { readonly watchdog: Watchdog; readonly hasBegun: boolean },
): ModelFailure {
  const api: APIError | null = error instanceof APIError ? error : null;
  const retryAfterSeconds = retryAfterOf(api);
  const kind: FailureKind = failureKind({
    status: api?.status ?? null,
    type: api?.type ?? null,
    errorCode: api?.errorCode ?? null,
    retryAfterSeconds,
    wasAborted: sent.watchdog.abortedByCaller(),
    isStalled: sent.watchdog.timedOut(),
    isConnection: error instanceof APIConnectionError,
    hasBegun: sent.hasBegun,
  });
  const status = api?.status === undefined ? '' : ` (HTTP ${api.status})`;
  return new ModelFailure(kind, `the model request failed: ${kind.replaceAll('_', ' ')}${status}`, {
    cause: error,
    retryAfterMs: Math.min((retryAfterSeconds ?? 0) * 1_000, RETRY_AFTER_MS_MAX),
  });
}

function retryAfterOf(error: APIError | null): number | null {
  const seconds = Number(error?.headers?.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

/** How deep an error's causes are followed. */
const CAUSES_MAX = 5;

function codeOf(error: unknown): unknown {
  let cause = error;
  for (let depth = 0; depth < CAUSES_MAX && cause instanceof Error; depth += 1) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
    cause = cause.cause;
  }
  return null;
}
