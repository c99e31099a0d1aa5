import type { ContextSeries, Event as LedgerEvent } from '../../api/generated/types.gen.js';
import { comparisonOf, isNewToPicture, pictureOf, pictureRows, pictureText } from './picture-model.js';

const WINDOW = 200_000;

/** Waves of `turns` requests each, from 9,000 to 16,000 tokens, while one conversation grows by 400 a wave. */
function aSeries(waves: number, turns = 2): ContextSeries {
  return {
    mission_id: 'msn_1',
    window_tokens: WINDOW,
    compact_at_tokens: 160_000,
    waves,
    turns: waves * turns,
    read_tokens: waves * turns * 12_000,
    conversation_read_tokens: waves * turns * 120_000,
    compacted_read_tokens: waves * turns * 90_000,
    compactions: 0,
    points: Array.from({ length: waves }, (_, index) => ({
      wave_id: `wav_${index + 1}`,
      number: index + 1,
      epoch: index + 1,
      turn: index * turns + 1,
      turns,
      first_tokens: 9_000,
      peak_tokens: 16_000,
      budget_tokens: 24_000,
      conversation_tokens: 8_000 + index * 400,
      compacted_tokens: 8_000 + index * 400,
    })),
    rotations: [{ number: 1, reason: 'odd', at: '2026-01-01T00:00:00Z' }],
  };
}

describe('the picture of a mission', () => {
  it('draws each wave from its first request to its largest, beside its ceiling', () => {
    const picture = pictureOf(aSeries(2, 3));
    expect(picture.carried).toEqual([
      [1, 9_000],
      [3, 16_000],
      [4, 9_000],
      [6, 16_000],
    ]);
    expect(picture.budget.every(([, tokens]) => tokens === 24_000)).toBe(true);
  });

  it('draws a wave of one request as one point', () => {
    expect(pictureOf(aSeries(1, 1)).carried).toEqual([[1, 16_000]]);
  });

  it('marks a rotation between the wave before and the wave after', () => {
    expect(pictureOf(aSeries(2, 3)).rotations).toEqual([{ turn: 3.5, reason: 'odd' }]);
  });

  it('shows the window only when an estimate comes near it', () => {
    expect(pictureOf(aSeries(10)).windowTokens).toBeNull();
    expect(pictureOf(aSeries(300)).windowTokens).toBe(WINDOW);
  });

  it('says in words what it shows, and that the rest is an estimate', () => {
    expect(pictureText(aSeries(2))).toBe(
      'Over 4 turns in 2 waves no request carried more than 16,000 tokens; the ceiling is 24,000. One conversation would carry an estimated 8,400 tokens by now, with automatic compaction 8,400.',
    );
    expect(pictureText(aSeries(0))).toBe('No wave has asked anything yet.');
  });

  it.each<[string, Partial<LedgerEvent>, boolean]>([
    ['a wave after its last one', { type: 'wave.committed', data: { number: 3 } }, true],
    ['a wave that it shows', { type: 'wave.committed', data: { number: 2 } }, false],
    ['a rotation since', { type: 'conductor.rotated', created_at: '2026-01-02T00:00:00Z' }, true],
    ['a rotation that it marks', { type: 'conductor.rotated', created_at: '2026-01-01T00:00:00Z' }, false],
    ['the end of a task', { type: 'task.completed', data: { number: 3 } }, false],
  ])('is drawn again after what it does not show yet: %s', (_, event, isNew) => {
    expect(isNewToPicture(aSeries(2), event as LedgerEvent)).toBe(isNew);
    expect(isNewToPicture(undefined, event as LedgerEvent)).toBe(event.type !== 'task.completed');
  });

  it('compares honestly: a short mission would be smaller as one conversation', () => {
    expect(comparisonOf(aSeries(2))).toMatchObject({ ratio: 'smaller than a wave, so far' });
    expect(comparisonOf(aSeries(600))).toMatchObject({
      conversation: '248K',
      ratio: '15.5× larger, past 200K since turn 963',
      saved: 'one conversation: 144M (−90 %)',
    });
    expect(comparisonOf(aSeries(0))).toBeNull();
  });

  it('tells the same in at most a dozen rows, the first and the last wave among them', () => {
    for (const waves of [1, 2, 11, 12, 13, 2_227]) {
      const numbers = pictureRows(aSeries(waves)).map(({ number }) => number);
      expect(numbers.length).toBe(Math.min(waves, 12));
      expect([numbers[0], numbers.at(-1)]).toEqual([1, waves]);
    }
    expect(pictureRows(aSeries(0))).toEqual([]);
  });
});
