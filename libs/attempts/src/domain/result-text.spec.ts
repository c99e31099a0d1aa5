import { isStorableText, resultInputSchema } from '#contracts';
import fc from 'fast-check';
import { resultOfText } from './result-text.js';

describe('resultOfText', () => {
  it('takes the first line for the summary and the rest for the output', () => {
    expect(resultOfText('\nAll tests pass.\n\n120 of 120.\nNone skipped.\n')).toEqual({
      summary: 'All tests pass.',
      output: '120 of 120.\nNone skipped.',
      artifacts: [],
    });
  });

  it('takes an answer of one line for both', () => {
    expect(resultOfText('42')).toEqual({ summary: '42', output: '42', artifacts: [] });
  });

  it.each(['', ' ', '\n \t\n'])('is nothing for %j', (answer) => {
    expect(resultOfText(answer)).toBeNull();
  });

  it('keeps in the output what a first line too long for a summary would lose', () => {
    const long = 'x'.repeat(700);
    expect(resultOfText(`${long}\nrest`)).toEqual({
      summary: 'x'.repeat(500),
      output: `${long}\nrest`,
      artifacts: [],
    });
  });

  const anAnswer = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\r', '\u0000', '\ud800', '😀'), maxLength: 40 }),
    fc.tuple(fc.nat(1_200), fc.string()).map(([length, rest]) => `${'😀'.repeat(length / 2)}\n${rest}`),
  );

  it('is always a result that could have been handed in over HTTP', () => {
    fc.assert(
      fc.property(anAnswer, (answer) => {
        const result = resultOfText(answer);
        if (result === null) return;
        expect(resultInputSchema.parse(result)).toEqual(result);
        expect(isStorableText(result.summary)).toBe(true);
        expect(result.summary).not.toBe('');
      }),
    );
  });

  it('loses no word of the answer', () => {
    const words = (text: string): string[] => text.split(/\s+/u).filter((word) => word !== '');
    fc.assert(
      fc.property(fc.array(fc.lorem({ maxCount: 200 })), (paragraphs) => {
        const answer = paragraphs.join('\n');
        const result = resultOfText(answer);
        const output = typeof result?.output === 'string' ? words(result.output) : [];
        // All of it is the output, or the rest of what the summary begins.
        expect([output, [...words(result?.summary ?? ''), ...output]]).toContainEqual(words(answer));
      }),
    );
  });
});
