import { aDecision, aWave } from '../../test/builders.js';
import { decisionsText, waveLine } from './wave-line.js';

describe('waveLine', () => {
  test('shows number, trigger, tokens of the budget, a bar, and what was decided', () => {
    const decisions = [
      ...Array.from({ length: 5 }, () => aDecision('task_review', { ref: 'T1', verdict: 'accept' })),
      ...Array.from({ length: 7 }, () => aDecision('task_dispatch', { ref: 'T2', worker: null })),
      aDecision('handoff', { note: 'on it', done: false }),
    ];
    expect(waveLine(aWave({ number: 3, decisions }))).toBe(
      'wave 3    result         6.2K/24K  ███░░░░░░░░░  accepted 5, dispatched 7',
    );
  });
});

describe('decisionsText', () => {
  test('tells accepted, sent back and failed results, created and changed tasks, and rejections apart', () => {
    const decisions = [
      aDecision('task_review', { ref: 'T1', verdict: 'revise' }),
      aDecision('task_review', { ref: 'T2', verdict: 'fail' }),
      aDecision('task_upsert', { key: 'new' }),
      aDecision('task_upsert', { key: 'T3', expected_version: 2 }),
      aDecision('note', { kind: 'fact', text: 'x' }),
      { ...aDecision('task_dispatch', { ref: 'T9' }), outcome: 'rejected' as const, reason: 'blocked' },
    ];
    expect(decisionsText(decisions)).toBe('sent back 1, failed 1, created 1, changed 1, noted 1, rejected 1');
  });

  test('says when the conductor handed off as done, and when there was nothing to decide', () => {
    expect(decisionsText([aDecision('handoff', { note: '', done: true })])).toBe('done');
    expect(decisionsText([])).toBe('nothing to do');
  });
});
