import { OvercommittedError } from '#conductor';
import { BudgetError, ContextBoundError, ModelFailure, UnprovedError } from '#model';
import { ApiProblem } from '../edge/problem.js';

const LATER_SECONDS = 10;

/** What a shadow's caller is told of a model that was not asked, or did not answer; anything else as it is. */
export function toShadowProblem(error: unknown): unknown {
  if (error instanceof BudgetError)
    return new ApiProblem(
      409,
      'budget_leaves_no_room',
      'A shadow may use 80 % of a limit at most, so that the rest is left for the work; raise the limit of the mission or the tenant.',
    );
  if (error instanceof OvercommittedError || error instanceof ContextBoundError)
    return new ApiProblem(
      422,
      'context_budget_too_small',
      `What the wave has to be told does not fit: ${error.message}. Ask with a larger context_budget_tokens.`,
      { errors: [{ pointer: '/policy/context_budget_tokens', code: 'too_small', message: error.message }] },
    );
  if (error instanceof UnprovedError) return new ApiProblem(409, 'request_unproved', `${error.message}.`);
  return error instanceof ModelFailure ? ofFailure(error) : error;
}

function ofFailure({ action, kind, message, retryAfterMs }: ModelFailure): ApiProblem {
  switch (action) {
    case 'delay':
    case 'back_off':
    case 'stop':
      return new ApiProblem(503, 'model_unavailable', `The model does not answer now (${kind}); try again.`, {
        retryAfterSeconds: Math.max(LATER_SECONDS, Math.ceil(retryAfterMs / 1_000)),
      });
    case 'park':
    case 'ask':
      return new ApiProblem(409, 'model_refuses', `The provider refuses the request (${kind}): ${message}`);
    case 'fall_back':
    case 'repack':
    case 'start_over':
      return new ApiProblem(
        409,
        'no_answer',
        `The model’s answer was none that could be compared (${kind}); what it cost is in the books.`,
      );
  }
}
