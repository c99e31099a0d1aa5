import { contextCeilingTokens, type Policy } from '#contracts';
import { invalid } from './errors.js';

/** What the schema cannot say: a budget that the standard window cannot hold, a target above its budget. */
export function checkedPolicy(policy: Policy): Policy {
  const ceiling = contextCeilingTokens(policy);
  if (policy.context_budget_tokens > ceiling)
    throw invalid(
      'context_budget_too_large',
      `context_budget_tokens may be at most ${ceiling}: the window of 200,000 less output_tokens_max.`,
      '/policy/context_budget_tokens',
    );
  if (policy.context_target_tokens > policy.context_budget_tokens)
    throw invalid(
      'context_target_too_large',
      'context_target_tokens may not exceed context_budget_tokens.',
      '/policy/context_target_tokens',
    );
  return policy;
}
