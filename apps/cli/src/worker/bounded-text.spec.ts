import fc from 'fast-check';
import { isStorableText } from '#contracts';
import { BoundedText } from './bounded-text.js';

function collected(pieces: readonly string[], limits: { headMax: number; tailMax: number }): string {
  const text = new BoundedText(limits);
  for (const piece of pieces) text.add(piece);
  return text.text();
}

describe('BoundedText', () => {
  test('is the text itself while it fits, however it was cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 5 }), { maxLength: 10 }), (pieces) => {
        const whole = pieces.join('');
        expect(collected(pieces, { headMax: 150, tailMax: 150 })).toBe(
          isStorableText(whole) ? whole : collected([whole], { headMax: 150, tailMax: 150 }),
        );
      }),
    );
  });

  test('keeps both ends and counts what it left out', () => {
    const pieces = ['0123456789', 'abcdefghij', 'klmnopqrst', 'uvwxyz'];
    expect(collected(pieces, { headMax: 4, tailMax: 3 })).toBe('0123\n[… 29 characters left out …]\nxyz');
    expect(collected(pieces, { headMax: 0, tailMax: 3 })).toBe('\n[… 33 characters left out …]\nxyz');
  });

  test('is always storable, also where a cut went through a character', () => {
    const text = collected(['😀'.repeat(20), '\u0000'], { headMax: 5, tailMax: 5 });
    expect(isStorableText(text)).toBe(true);
  });
});
