import fc from 'fast-check';
import { bar, harmless, oneLine, shortTokens, table } from './text-layout.js';

describe('shortTokens', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [6_214, '6.2K'],
    [24_000, '24K'],
    [999_949, '999.9K'],
    [999_950, '1M'],
    [1_250_000, '1.3M'],
  ])('writes %i as %s', (tokens, text) => {
    expect(shortTokens(tokens)).toBe(text);
  });
});

describe('bar', () => {
  test('never shows something as nothing, nor less than full as full', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 2, max: 100_000 }),
        (value, max) => {
          const drawn = bar(value, max, 10);
          expect(drawn).toHaveLength(10);
          expect(drawn.startsWith('█')).toBe(true);
          expect(drawn.endsWith('█')).toBe(value >= max);
        },
      ),
    );
  });

  test('is empty for nothing, and where there is no maximum', () => {
    expect(bar(0, 100, 3)).toBe('░░░');
    expect(bar(5, 0, 3)).toBe('░░░');
  });
});

describe('oneLine', () => {
  test('never steers the terminal and never exceeds its bound, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (text, charactersMax) => {
        const line = oneLine(text, charactersMax);
        expect(line.length).toBeLessThanOrEqual(charactersMax);
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});

describe('harmless', () => {
  test('keeps lines and tabs, and shows escape sequences instead of obeying them', () => {
    expect(harmless('a\tb\r\nc\u001b[31mred')).toBe('a\tb\nc\uFFFD[31mred');
  });
});

describe('table', () => {
  test('aligns columns, numbers to the right', () => {
    expect(
      table(
        [
          ['a', '5', 'x'],
          ['long', '100', ''],
        ],
        [1],
      ),
    ).toEqual(['a       5  x', 'long  100']);
  });
});
