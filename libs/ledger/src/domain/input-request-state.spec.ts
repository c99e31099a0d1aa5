import { INPUT_REQUEST_KINDS, type InputRequestState } from '#contracts';
import fc from 'fast-check';
import {
  answersTo,
  atDeadline,
  INPUT_REQUEST_TRANSITIONS,
  isAnswerTo,
  isOverdue,
  type InputRequestAction,
} from './input-request-state.js';
import { nextState, reachableStates, terminalStates } from './machine.js';

describe('an input request', () => {
  it('reaches every state, and ends by the first of whatever comes', () => {
    expect([...reachableStates(INPUT_REQUEST_TRANSITIONS, 'open')]).toEqual(['open', 'answered', 'expired']);
    expect(terminalStates(INPUT_REQUEST_TRANSITIONS)).toEqual(['answered', 'expired']);
    fc.assert(
      fc.property(fc.array(fc.constantFrom<InputRequestAction>('answer', 'expire')), (actions) => {
        const end = actions.reduce<InputRequestState>(
          (state, action) => nextState(INPUT_REQUEST_TRANSITIONS, state, action) ?? state,
          'open',
        );
        const first = { answer: 'answered', expire: 'expired', none: 'open' } as const;
        expect(end).toBe(first[actions[0] ?? 'none']);
      }),
    );
  });

  it('takes one of its options, or any text that says something', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...INPUT_REQUEST_KINDS),
        fc.array(fc.string()),
        fc.string(),
        (kind, values, value) => {
          const rule = { kind, options: values.map((one) => ({ value: one })) };
          expect(isAnswerTo(rule, value)).toBe(
            kind === 'text' ? value.trim() !== '' : values.includes(value),
          );
          expect(answersTo(rule)).toEqual(kind === 'text' ? null : values);
        },
      ),
    );
  });

  it('is answered by its default at the deadline, else expires as asked, and holds the mission unless told', () => {
    expect(atDeadline({ defaultValue: 'red', onTimeout: 'fail' })).toEqual({ kind: 'answer', value: 'red' });
    expect(atDeadline({ defaultValue: null, onTimeout: 'fail' })).toEqual({ kind: 'expire', then: 'fail' });
    expect(atDeadline({ defaultValue: null, onTimeout: null })).toEqual({ kind: 'expire', then: 'hold' });
  });

  it('is overdue from its deadline on, while it is open', () => {
    const deadlineAt = new Date(1_000);
    expect(isOverdue({ state: 'open', deadlineAt }, new Date(999))).toBe(false);
    expect(isOverdue({ state: 'open', deadlineAt }, new Date(1_000))).toBe(true);
    expect(isOverdue({ state: 'answered', deadlineAt }, new Date(2_000))).toBe(false);
    expect(isOverdue({ state: 'open', deadlineAt: null }, new Date(2_000))).toBe(false);
  });
});
