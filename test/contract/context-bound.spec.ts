import fc from 'fast-check';
import { PromptMeter } from '../../apps/simulator/src/index.js';
import { arbitraryInput } from '../../libs/context/test/arbitrary-input.js';
import { buildContext } from '#context';

const RUNS = { numRuns: 60 };

describe('a context, counted by a tokenizer that its builder does not know', () => {
  it('stays within the budget, whatever the ledger holds', () => {
    fc.assert(
      fc.property(arbitraryInput, (input) => {
        const pack = buildContext(input);
        if (pack.kind === 'overcommitted') return;
        const counted = PromptMeter.pieces(pack.request).reduce((sum, tokens) => sum + tokens, 0);
        expect(counted).toBeLessThanOrEqual(input.policy.context_budget_tokens);
      }),
      RUNS,
    );
  });
});
