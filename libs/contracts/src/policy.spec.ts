import fc from 'fast-check';
import {
  CONTEXT_BUDGET_TOKENS_MIN,
  contextCeilingTokens,
  defaultContextTargetTokens,
  mergePolicy,
  policyFrom,
  policyPatchSchema,
  policySchema,
  poolSchema,
  readStoredPolicy,
  type PolicyPatch,
} from './policy.js';

const somePart = { requiredKeys: [] };
const aPatch: fc.Arbitrary<PolicyPatch> = fc.record(
  {
    model: fc.constantFrom('claude-opus-5-5', 'claude-haiku-5-5'),
    worker_model: fc.constantFrom('claude-opus-5-5', 'claude-haiku-5-5'),
    allow_premium: fc.boolean(),
    context_budget_tokens: fc.integer({ min: 8_000, max: 190_000 }),
    context_target_tokens: fc.integer({ min: 6_400, max: 190_000 }),
    requests_per_wave_max: fc.integer({ min: 1, max: 50 }),
    output_tokens_max: fc.integer({ min: 256, max: 64_000 }),
    debounce_ms: fc.nat(60_000),
    workers: fc.array(fc.constantFrom('builtin', 'build', 'gpu-2'), { minLength: 1, maxLength: 3 }),
    planning: fc.constantFrom('conductor', 'auto'),
    attempts: fc.record(
      {
        failures_max: fc.integer({ min: 1, max: 20 }),
        expiries_max: fc.integer({ min: 1, max: 50 }),
        backoff_ms: fc.nat(900_000),
      },
      somePart,
    ),
    limits: fc.record(
      {
        tasks_max: fc.integer({ min: 1, max: 1_000_000 }),
        tasks_per_wave_max: fc.integer({ min: 1, max: 200 }),
      },
      somePart,
    ),
  },
  somePart,
);
const aPolicy = aPatch.map(policyFrom);

describe('policyFrom', () => {
  it('has the defaults of the API', () => {
    expect(policyFrom({})).toEqual({
      model: 'claude-sonnet-5-5',
      worker_model: 'claude-sonnet-5-5',
      digest_model: 'claude-haiku-5-5',
      allow_premium: false,
      context_budget_tokens: 24_000,
      context_target_tokens: 16_000,
      requests_per_wave_max: 8,
      output_tokens_max: 4_096,
      debounce_ms: 250,
      inbox_page_max: 20,
      planning: 'conductor',
      approval: 'none',
      workers: ['builtin'],
      no_progress_waves_max: 3,
      wave_usd_max: null,
      attempts: { failures_max: 3, expiries_max: 5, backoff_ms: 2_000 },
      limits: { tasks_max: 100_000, depth_max: 5, tasks_per_wave_max: 20 },
    });
  });

  it('makes a whole policy of any part of one', () => {
    fc.assert(
      fc.property(aPatch, (patch) => {
        expect(policySchema.parse(policyFrom(policyPatchSchema.parse(patch)))).toEqual(policyFrom(patch));
      }),
    );
  });
});

describe('mergePolicy', () => {
  it('changes nothing for a patch of nothing', () => {
    fc.assert(
      fc.property(aPolicy, (policy) => {
        expect(mergePolicy(policy, {})).toEqual(policy);
        expect(mergePolicy(policy, { attempts: {}, limits: {} })).toEqual(policy);
      }),
    );
  });

  it('takes what the patch names, at both levels, and keeps the rest', () => {
    fc.assert(
      fc.property(aPolicy, aPatch, (policy, patch) => {
        const merged = mergePolicy(policy, patch);
        expect(merged).toMatchObject(patch);
        const moved = ['attempts', 'limits', 'context_target_tokens', ...Object.keys(patch)];
        for (const [name, value] of Object.entries(policy))
          if (!moved.includes(name)) expect(merged).toHaveProperty(name, value);
        expect(merged.attempts).toEqual({ ...policy.attempts, ...patch.attempts });
        expect(merged.limits).toEqual({ ...policy.limits, ...patch.limits });
      }),
    );
  });

  it('comes to the same when the same patch arrives again', () => {
    fc.assert(
      fc.property(aPolicy, aPatch, (policy, patch) => {
        const once = mergePolicy(policy, patch);
        expect(mergePolicy(once, patch)).toEqual(once);
      }),
    );
  });

  it('moves the target with the budget, unless the patch names a target', () => {
    const policy = policyFrom({});
    expect(mergePolicy(policy, { context_budget_tokens: 60_000 }).context_target_tokens).toBe(40_000);
    expect(
      mergePolicy(policy, { context_budget_tokens: 60_000, context_target_tokens: 7_000 }),
    ).toMatchObject({ context_budget_tokens: 60_000, context_target_tokens: 7_000 });
    const chosen = policyFrom({ context_target_tokens: 7_000 });
    expect(mergePolicy(chosen, { debounce_ms: 0 }).context_target_tokens).toBe(7_000);
  });

  it('touches neither the policy nor the patch', () => {
    const policy = Object.freeze(policyFrom({}));
    const patch: PolicyPatch = Object.freeze({ attempts: Object.freeze({ failures_max: 9 }) });
    expect(mergePolicy(policy, patch).attempts.failures_max).toBe(9);
    expect(policy.attempts.failures_max).toBe(3);
  });
});

describe('context bounds', () => {
  it('aim at two thirds of the budget, at least 6,400', () => {
    expect(defaultContextTargetTokens(24_000)).toBe(16_000);
    expect(defaultContextTargetTokens(CONTEXT_BUDGET_TOKENS_MIN)).toBe(6_400);
  });

  it('leave room beside the target, whatever the budget', () => {
    fc.assert(
      fc.property(fc.integer({ min: CONTEXT_BUDGET_TOKENS_MIN, max: 200_000 }), (budgetTokens) => {
        expect(defaultContextTargetTokens(budgetTokens)).toBeLessThanOrEqual(budgetTokens * 0.8);
      }),
    );
  });

  it('end where the standard window has no room for the output', () => {
    expect(contextCeilingTokens({ output_tokens_max: 4_096 })).toBe(195_904);
  });
});

describe('policyPatchSchema', () => {
  it.each<[string, object]>([
    ['a field that does not exist', { modle: 'x' }],
    ['a field within that does not exist', { attempts: { retries: 3 } }],
    ['a budget too small to work in', { context_budget_tokens: 7_999 }],
    ['no worker at all', { workers: [] }],
    ['a number that is a text', { debounce_ms: '250' }],
    ['null', { model: null }],
  ])('refuses %s', (_, patch) => {
    expect(policyPatchSchema.safeParse(patch).success).toBe(false);
  });
});

describe('poolSchema', () => {
  it.each(['builtin', 'a', '9', 'gpu-2_b', 'a'.repeat(63)])('takes %s', (pool) => {
    expect(poolSchema.safeParse(pool).success).toBe(true);
  });

  it.each(['', 'A', '-a', '_a', 'a b', 'a\n', 'ä', 'a'.repeat(64)])('refuses %j', (pool) => {
    expect(poolSchema.safeParse(pool).success).toBe(false);
  });
});

describe('readStoredPolicy', () => {
  it('reads what was stored as it was stored', () => {
    fc.assert(
      fc.property(aPatch, (patch) => {
        const policy = policyFrom(patch);
        expect(readStoredPolicy(JSON.parse(JSON.stringify(policy)))).toEqual({ policy, unreadable: [] });
      }),
    );
  });

  it('makes a whole policy of whatever was stored, and keeps every field that can be read', () => {
    const names = Object.keys(policyFrom({}));
    fc.assert(
      fc.property(aPatch, fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (patch, broken) => {
        const stored = { ...policyFrom(patch), ...broken };
        const { policy, unreadable } = readStoredPolicy(stored);
        expect(policySchema.safeParse(policy).success).toBe(true);
        for (const name of names.filter((one) => !(one in broken)))
          expect(Reflect.get(policy, name)).toEqual(Reflect.get(stored, name));
        expect(names).toEqual(expect.arrayContaining([...unreadable]));
      }),
    );
    for (const stored of [null, 7, 'text', []])
      expect(readStoredPolicy(stored)).toEqual({
        policy: policyFrom({ approval: 'dispatch' }),
        unreadable: names,
      });
  });
});
