import fc from 'fast-check';
import { callTools, countAnswerTokens, limitAnswer, sayText } from './answer.js';

const anyAnswer = fc.oneof(
  fc.string({ maxLength: 400 }).map(sayText),
  fc
    .array(fc.record({ tool: fc.constant('note'), input: fc.dictionary(fc.string(), fc.string()) }), {
      maxLength: 5,
    })
    .map(callTools),
);

describe('limitAnswer', () => {
  it('never exceeds max_tokens by more than what opens a block', () => {
    fc.assert(
      fc.property(anyAnswer, fc.integer({ min: 1, max: 200 }), (answer, outputTokensMax) => {
        const limited = limitAnswer(answer, outputTokensMax);
        expect(countAnswerTokens(limited)).toBeLessThanOrEqual(outputTokensMax + 4);
      }),
    );
  });

  it('leaves an answer that fits as it is, and marks every other one', () => {
    fc.assert(
      fc.property(anyAnswer, fc.integer({ min: 1, max: 200 }), (answer, outputTokensMax) => {
        const limited = limitAnswer(answer, outputTokensMax);
        if (countAnswerTokens(answer) <= outputTokensMax) expect(limited).toBe(answer);
        else expect(limited.stopReason).toBe('max_tokens');
      }),
    );
  });
});
