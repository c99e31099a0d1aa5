import { policyFrom } from '#contracts';
import { aSnapshot, anInput } from '../test/a-snapshot.js';
import { buildContext } from './build-context.js';
import { directiveRoom } from './directive-room.js';

const small = { context_budget_tokens: 8_000 } as const;

describe('directiveRoom', () => {
  it('lets through what can be packed beside an empty charter, and nothing that alone is too much', () => {
    for (const words of [10, 200, 400, 800]) {
      const text = 'Never push on a Friday. '.repeat(words).slice(0, 4_000);
      const { tokens, tokensMax } = directiveRoom(text, policyFrom(small));
      const packed = buildContext(
        anInput(
          aSnapshot({ directives: [{ ref: 'D1', text }], mission: { title: '', objective: '' } }),
          small,
        ),
      );
      if (packed.kind === 'packed') expect(tokens).toBeLessThanOrEqual(tokensMax);
    }
    const dense = directiveRoom('字碼'.repeat(2_000), policyFrom(small));
    expect(dense.tokens).toBeGreaterThan(dense.tokensMax);
    const roomy = directiveRoom('字碼'.repeat(2_000), policyFrom({ context_budget_tokens: 60_000 }));
    expect(roomy.tokens).toBeLessThan(roomy.tokensMax);
  });
});
