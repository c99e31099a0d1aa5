import { HOLDS, INPUT_PROMPT_CHARACTERS_MAX } from '#contracts';
import fc from 'fast-check';
import { approvalPrompt } from './approval-prompt.js';
import { holdQuestion } from './hold-question.js';

const noLimits = { limitUsd: null, dailyUsd: null, isDefault: false };

describe('holdQuestion', () => {
  it('stays in its bound and offers to go on, whatever happened', () => {
    fc.assert(
      fc.property(fc.constantFrom(...HOLDS), fc.string({ maxLength: 4_000 }), (hold, reason) => {
        const { prompt, options } = holdQuestion(hold, reason, noLimits);
        expect(prompt.length).toBeLessThanOrEqual(INPUT_PROMPT_CHARACTERS_MAX);
        expect(options.map(({ value }) => value)).toEqual(['resume', 'cancel']);
      }),
    );
  });

  it('offers to raise only limits that there are, and never to cancel the default mission', () => {
    const { options } = holdQuestion('budget', 'Spent.', { ...noLimits, limitUsd: '20', isDefault: true });
    expect(options).toEqual([
      { value: 'raise', label: 'Raise the limit to $20 and go on' },
      { value: 'resume', label: 'Go on' },
    ]);
    expect(holdQuestion('stalled', 'Idle.', { ...noLimits, limitUsd: '20' }).options).toHaveLength(2);
  });
});

describe('approvalPrompt', () => {
  it('stays in its bound and names or counts every task', () => {
    const aTask = fc.record({
      ref: fc.integer({ min: 1, max: 99_999 }).map((number) => `T${number}`),
      title: fc.string({ maxLength: 500 }).map((title) => title.replaceAll('\n', ' ')),
      pool: fc.constantFrom('builtin', null),
    });
    fc.assert(
      fc.property(fc.array(aTask, { minLength: 1, maxLength: 100 }), (tasks) => {
        const prompt = approvalPrompt('dispatch', tasks);
        expect(prompt.length).toBeLessThanOrEqual(INPUT_PROMPT_CHARACTERS_MAX);
        const rest = Number(/\n\+(\d+) more$/.exec(prompt)?.[1] ?? 0);
        const named = prompt.split('\n').slice(1, rest > 0 ? -1 : undefined);
        expect(named.length + rest).toBe(tasks.length);
      }),
    );
  });
});
