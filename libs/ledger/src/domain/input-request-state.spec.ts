import { INPUT_REQUEST_KINDS, type InputRequestState } from '#contracts';
import fc from 'fast-check';
import {
  answersTo,
  atDeadline,
  INPUT_REQUEST_TRANSITIONS,
  isAnswerTo,
  isOverdue,
  isReminderDue,
  nextReminder,
  timeoutOutcome,
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

  it('says in one word what happens at its deadline, and nothing without one', () => {
    const deadlineAt = new Date(1_000);
    const asked = { deadlineAt, defaultValue: null, onTimeout: null };
    expect(timeoutOutcome({ ...asked, deadlineAt: null })).toBeNull();
    expect(timeoutOutcome(asked)).toBe('hold');
    expect(timeoutOutcome({ ...asked, onTimeout: 'fail' })).toBe('fail');
    expect(timeoutOutcome({ ...asked, onTimeout: 'fail', defaultValue: 'red' })).toBe('default');
  });

  it('reminds at half of its time and when a tenth is left, each once, whenever it is looked at', () => {
    const createdAt = new Date(1_000);
    fc.assert(
      fc.property(
        fc.integer({ min: 300_000, max: 2_592_000_000 }),
        fc.array(fc.integer({ min: 1, max: 500_000_000 }), { maxLength: 20 }),
        (timeMs, waits) => {
          const deadlineAt = new Date(createdAt.getTime() + timeMs);
          const asked = { state: 'open', createdAt, deadlineAt } as const;
          let remindAt = nextReminder(asked, createdAt);
          let now = createdAt;
          let reminders = 0;
          for (const waitMs of waits) {
            now = new Date(now.getTime() + waitMs);
            if (!isReminderDue({ ...asked, remindAt }, now)) continue;
            expect(now < deadlineAt).toBe(true);
            reminders += 1;
            remindAt = nextReminder(asked, now);
          }
          expect(reminders).toBeLessThanOrEqual(2);
          if (now < deadlineAt && now.getTime() >= createdAt.getTime() + 0.9 * timeMs + 1)
            expect([reminders > 0, remindAt]).toEqual([true, null]);
        },
      ),
    );
    const asked = { createdAt, deadlineAt: new Date(11_000) };
    expect(nextReminder(asked, createdAt)).toEqual(new Date(6_000));
    expect(nextReminder(asked, new Date(6_000))).toEqual(new Date(10_000));
    expect(nextReminder(asked, new Date(10_000))).toBeNull();
    expect(nextReminder({ createdAt, deadlineAt: null }, createdAt)).toBeNull();
  });

  it('reminds of nothing that is answered, or whose time is over', () => {
    const due = { remindAt: new Date(500), deadlineAt: new Date(1_000) };
    expect(isReminderDue({ ...due, state: 'open' }, new Date(500))).toBe(true);
    expect(isReminderDue({ ...due, state: 'open' }, new Date(499))).toBe(false);
    expect(isReminderDue({ ...due, state: 'open', remindAt: null }, new Date(500))).toBe(false);
    expect(isReminderDue({ ...due, state: 'answered' }, new Date(500))).toBe(false);
    expect(isReminderDue({ ...due, state: 'open' }, new Date(1_000))).toBe(false);
  });
});
