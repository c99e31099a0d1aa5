import { z } from 'zod';
import { storableText } from './text.js';

/** The standard window of the current models, in input tokens plus output tokens. */
export const STANDARD_WINDOW_TOKENS = 200_000;
export const CONTEXT_BUDGET_TOKENS_MIN = 8_000;
export const CONTEXT_TARGET_TOKENS_MIN = 6_400;
/** Worker pools a policy may name; `builtin` is the model worker that ships with the service. */
export const BUILTIN_POOL = 'builtin';

export const poolSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,62}$/,
    'a pool is 1 to 63 of a-z, 0-9, "-" and "_", beginning with a letter or digit',
  );

/** USD as a decimal string; at most nine digits before and after the point. */
export const usdSchema = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,9})?$/, 'a decimal string in USD, such as "12.50"');

const modelSchema = storableText(100, 1);
/** The most that one wave may cost; null leaves it to the budgets. Its first request is made in any case. */
const waveUsdMaxSchema = usdSchema.nullable();

const attemptsPolicySchema = z.strictObject({
  failures_max: z.int().min(1).max(20),
  expiries_max: z.int().min(1).max(50),
  backoff_ms: z.int().min(0).max(900_000),
});

const limitsPolicySchema = z.strictObject({
  tasks_max: z.int().min(1).max(1_000_000),
  depth_max: z.int().min(1).max(32),
  tasks_per_wave_max: z.int().min(1).max(200),
});

const policyFields = {
  model: modelSchema,
  worker_model: modelSchema,
  digest_model: modelSchema,
  allow_premium: z.boolean(),
  context_budget_tokens: z.int().min(CONTEXT_BUDGET_TOKENS_MIN),
  context_target_tokens: z.int().min(CONTEXT_TARGET_TOKENS_MIN),
  requests_per_wave_max: z.int().min(1).max(50),
  output_tokens_max: z.int().min(256).max(64_000),
  debounce_ms: z.int().min(0).max(60_000),
  inbox_page_max: z.int().min(1).max(100),
  planning: z.enum(['conductor', 'auto']),
  approval: z.enum(['none', 'dispatch', 'completion']),
  workers: z.array(poolSchema).min(1).max(20),
  no_progress_waves_max: z.int().min(1).max(100),
};

/** How a mission's conductor and workers behave. Whole, as stored and returned. */
export const policySchema = z
  .object({
    ...policyFields,
    wave_usd_max: waveUsdMaxSchema.default(null),
    attempts: attemptsPolicySchema,
    limits: limitsPolicySchema,
  })
  .meta({ id: 'Policy' });

/** What a caller may send: any part of it; the rest keeps its value or its default. */
export const policyPatchSchema = z
  .strictObject({
    ...policyFields,
    wave_usd_max: waveUsdMaxSchema,
    attempts: attemptsPolicySchema.partial(),
    limits: limitsPolicySchema.partial(),
  })
  .partial()
  .meta({ id: 'PolicyPatch' });

export type Policy = z.infer<typeof policySchema>;
export type PolicyPatch = z.infer<typeof policyPatchSchema>;

const DEFAULTS: Omit<Policy, 'context_target_tokens'> = {
  model: 'claude-sonnet-5-5',
  worker_model: 'claude-sonnet-5-5',
  digest_model: 'claude-haiku-5-5',
  allow_premium: false,
  context_budget_tokens: 24_000,
  requests_per_wave_max: 8,
  output_tokens_max: 4_096,
  debounce_ms: 250,
  inbox_page_max: 20,
  planning: 'conductor',
  approval: 'none',
  workers: [BUILTIN_POOL],
  no_progress_waves_max: 3,
  wave_usd_max: null,
  attempts: { failures_max: 3, expiries_max: 5, backoff_ms: 2_000 },
  limits: { tasks_max: 100_000, depth_max: 5, tasks_per_wave_max: 20 },
};

/** Two thirds of the budget, at least 6,400: what the builder aims for, so that a wave has room to work in. */
export function defaultContextTargetTokens(contextBudgetTokens: number): number {
  return Math.max(CONTEXT_TARGET_TOKENS_MIN, Math.floor((contextBudgetTokens * 2) / 3));
}

/** The policy of a new mission: the defaults, overlaid with what the caller sent. */
export function policyFrom(patch: PolicyPatch): Policy {
  return mergePolicy(
    {
      ...DEFAULTS,
      context_target_tokens: defaultContextTargetTokens(DEFAULTS.context_budget_tokens),
    },
    patch,
  );
}

/** A policy as it was stored, which another version of this service may have done. */
export interface StoredPolicy {
  /** What of it can be read; the defaults elsewhere, but for approval: whoever set one wanted to be asked. */
  readonly policy: Policy;
  /** Names of the fields that cannot be read. */
  readonly unreadable: readonly string[];
}

export function readStoredPolicy(stored: unknown): StoredPolicy {
  const whole = policySchema.safeParse(stored);
  if (whole.success) return { policy: whole.data, unreadable: [] };
  const defaults = policyFrom({ approval: 'dispatch' });
  const unreadable = Object.keys(defaults).filter((name) =>
    whole.error.issues.some(({ path }) => path.length === 0 || path[0] === name),
  );
  const fields = typeof stored === 'object' && stored !== null ? Object.entries(stored) : [];
  const readable = fields.filter(([name]) => !unreadable.includes(name));
  return { policy: policySchema.parse({ ...defaults, ...Object.fromEntries(readable) }), unreadable };
}

/** Overlays a patch. A changed budget moves the target with it, unless the patch names a target itself. */
export function mergePolicy(policy: Policy, patch: PolicyPatch): Policy {
  const budget = patch.context_budget_tokens ?? policy.context_budget_tokens;
  const movedTarget =
    patch.context_budget_tokens === undefined
      ? policy.context_target_tokens
      : defaultContextTargetTokens(budget);
  return {
    ...policy,
    ...patch,
    context_target_tokens: patch.context_target_tokens ?? movedTarget,
    attempts: { ...policy.attempts, ...patch.attempts },
    limits: { ...policy.limits, ...patch.limits },
  };
}

/** The most input tokens a request may carry beside its output in the standard window. */
export function contextCeilingTokens(policy: Pick<Policy, 'output_tokens_max'>): number {
  return STANDARD_WINDOW_TOKENS - policy.output_tokens_max;
}
