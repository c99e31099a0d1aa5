import fc from 'fast-check';
import { diffLines, folded } from './line-diff.js';

const texts = fc.array(fc.constantFrom('a', 'b', 'c', '')).map((lines) => lines.join('\n'));
const sideOf = (lines: ReturnType<typeof diffLines>, other: 'gone' | 'new') =>
  lines
    .filter(({ kind }) => kind !== other)
    .map(({ text }) => text)
    .join('\n');

describe('diffLines', () => {
  it('tells both texts, whole and in order', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const lines = diffLines(before, after);
        expect(sideOf(lines, 'new')).toBe(before);
        expect(sideOf(lines, 'gone')).toBe(after);
      }),
    );
  });

  it('finds nothing changed in the same text', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(diffLines(text, text).every(({ kind }) => kind === 'same')).toBe(true);
      }),
    );
  });

  it('keeps what two texts have in common', () => {
    expect(diffLines('a\nb\nc', 'a\nx\nc')).toEqual([
      { kind: 'same', text: 'a' },
      { kind: 'gone', text: 'b' },
      { kind: 'new', text: 'x' },
      { kind: 'same', text: 'c' },
    ]);
  });

  it('is bounded: beyond that it looks for no likeness, and still tells both', () => {
    const before = Array.from({ length: 1_600 }, (_, line) => `old ${line}`).join('\n');
    const lines = diffLines(before, `new\n${before}x`);
    expect(sideOf(lines, 'new')).toBe(before);
  });
});

describe('folded', () => {
  it('leaves out runs of what is the same, but not around a change', () => {
    const lines = diffLines('1\n2\n3\n4\n5\n6', '1\n2\n3\n4\n5\nx');
    expect(folded(lines, 1)).toEqual([
      { kind: 'fold', count: 4 },
      { kind: 'same', text: '5' },
      { kind: 'gone', text: '6' },
      { kind: 'new', text: 'x' },
    ]);
    expect(folded(diffLines('1\n2', '1\n2'), 2)).toEqual([{ kind: 'fold', count: 2 }]);
  });
});
