import type { InputRequest } from '../../api/generated/types.gen.js';
import { blocksText, canAnswer, deadlineText, defaultOption, nextPlace } from './question-model.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const asked = (parts: Partial<InputRequest> = {}): InputRequest =>
  ({
    kind: 'choice',
    options: [
      { value: 'eu', label: 'eu first' },
      { value: 'us', label: 'us first' },
    ],
    deadline_at: null,
    default: null,
    on_timeout: null,
    blocks: [],
    ...parts,
  }) as InputRequest;

describe('a question', () => {
  it('says what becomes of it', () => {
    const deadline_at = '2026-01-01T21:00:00Z';
    expect(deadlineText(asked(), NOW)).toBe('Waits until it is answered.');
    const text = (parts: Partial<InputRequest>) => deadlineText(asked({ deadline_at, ...parts }), NOW);
    expect(text({ default: 'eu', on_timeout: 'default' })).toBe('Times out in 21 h, then: eu.');
    expect(text({ on_timeout: 'fail' })).toContain('what waits for it fails');
    expect(text({ on_timeout: 'hold' })).toContain('the mission stops and asks');
  });

  it('says what waits for it', () => {
    expect(blocksText(asked())).toBe('nothing waits for it');
    expect(blocksText(asked({ blocks: ['a'] }))).toBe('1 task waits for it');
    expect(blocksText(asked({ blocks: ['a', 'b'] }))).toBe('2 tasks wait for it');
  });

  it('takes one of its values, or any text when it asks for text', () => {
    expect([canAnswer(asked(), 'eu'), canAnswer(asked(), 'asia')]).toEqual([true, false]);
    expect([canAnswer(asked({ kind: 'text' }), ' '), canAnswer(asked({ kind: 'text' }), 'x')]).toEqual([
      false,
      true,
    ]);
  });

  it('offers its default by the name people know it by', () => {
    expect([defaultOption(asked()), defaultOption(asked({ default: 'us' }))]).toEqual([null, 'us first']);
  });

  it('is followed and preceded by others, up to the ends', () => {
    expect([nextPlace(0, 1, 3), nextPlace(2, 1, 3), nextPlace(0, -1, 3), nextPlace(0, 1, 0)]).toEqual([
      1, 2, 0, 0,
    ]);
  });
});
