import { failureAction, type FailureAction, type FailureKind } from './domain/failure.js';

/** A model request that came to nothing. `action` says what to do; what it cost is on record already. */
export class ModelFailure extends Error {
  readonly action: FailureAction;
  /** How long the provider asked to be left alone; 0 when it did not say. */
  readonly retryAfterMs: number;

  constructor(
    readonly kind: FailureKind,
    message: string,
    options: ErrorOptions & { readonly retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.name = 'ModelFailure';
    this.action = failureAction(kind);
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

/** A request that would, or might, exceed its budget of input tokens; nothing was sent. */
export class ContextBoundError extends Error {
  constructor(
    readonly tokens: number,
    readonly budgetTokens: number,
  ) {
    super(`a request of ${tokens} tokens does not fit the context budget of ${budgetTokens}`);
    this.name = 'ContextBoundError';
  }
}

/** Nobody can count a request, and nothing unproved may be sent; nothing was. */
export class UnprovedError extends Error {
  constructor(model: string) {
    super(
      `the provider cannot count tokens for ${model}, and WAVEKEEPER_UNPROVED_REQUESTS refuses what is only estimated`,
    );
    this.name = 'UnprovedError';
  }
}

/** The money does not allow the request: for now (others' reservations may free room), or at all. */
export class BudgetError extends Error {
  constructor(readonly kind: 'wait' | 'reached') {
    super(kind === 'wait' ? 'other requests have reserved the rest of the budget' : 'the budget is reached');
    this.name = 'BudgetError';
  }
}
