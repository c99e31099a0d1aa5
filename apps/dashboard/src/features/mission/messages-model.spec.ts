import type { Decision, Message } from '../../api/generated/types.gen.js';
import { decidedLines } from './messages-model.js';

const aDecision = (ref: string, outcome: Decision['outcome'] = 'applied'): Decision => ({
  tool: 'task_review',
  input: {},
  outcome,
  reason: null,
  changed: [{ kind: 'task', id: ref, ref }],
});
const aMessage = (...decisions: Message['decisions']) => ({ decisions }) as Message;

describe('the receipt of a message', () => {
  it('says what the wave decided that saw it, and what of it was rejected', () => {
    expect(decidedLines(aMessage(aDecision('T1'), aDecision('T2', 'rejected')))).toEqual([
      'task review · T1',
      'task review · T2 (rejected)',
    ]);
  });

  it('stays short, whatever was decided', () => {
    const lines = decidedLines(aMessage(...Array.from({ length: 40 }, (_, place) => aDecision(`T${place}`))));
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toBe('and 36 more');
  });
});
