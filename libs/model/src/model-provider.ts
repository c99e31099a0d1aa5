import type { Message, MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages';
import type { Bound } from './domain/bound.js';
import type { Billing } from './domain/pricing.js';
import type { ModelFailure } from './model-failure.js';

export type MessagesBody = MessageCreateParamsNonStreaming;

/** One request as it is to leave. */
export interface OutgoingRequest {
  readonly body: MessagesBody;
  /** The key to send it with; null for the provider's own. */
  readonly apiKey: string | null;
  /** What was found out about this very body. */
  readonly bound: Bound;
  readonly budgetTokens: number;
  /** Milliseconds that are left for it, where that is less than a request may take anyway. */
  readonly timeLeftMs: number;
  readonly signal: AbortSignal;
}

/** What became of a request, and what is known of its bill. */
export interface Transmission {
  readonly outcome: Message | ModelFailure;
  readonly billing: Billing;
}

/**
 * Whoever answers requests in the shape of the Messages API. It sends what it is given once, as it is,
 * and only if that is within its bound; retries, money and the ledger are the gateway's business.
 */
export interface ModelProvider {
  /** Input tokens of a body by its own count; null when it cannot count. Throws `ModelFailure`. */
  countTokens(request: Pick<OutgoingRequest, 'body' | 'apiKey' | 'signal'>): Promise<number | null>;
  /** Never throws: a failure is an outcome, and has a bill. */
  send(request: OutgoingRequest): Promise<Transmission>;
}
