import { callTools, sayText } from './answer.js';
import { faultFor, spoilAnswer, type Fault } from './faults.js';

const FAULTS: readonly Fault[] = [
  { match: { role: 'conductor', nth: 3 }, do: '529', times: 2 },
  { match: { role: 'worker', nth: 1 }, do: 'cut', times: 1 },
];

describe('faultFor', () => {
  it('hits the nth request of its role and as many after it as it is told', () => {
    const hits = [1, 2, 3, 4, 5].map((nth) => faultFor(FAULTS, 'conductor', nth));
    expect(hits).toEqual([null, null, '529', '529', null]);
  });

  it('never hits another role', () => {
    expect(faultFor(FAULTS, 'worker', 3)).toBeNull();
    expect(faultFor(FAULTS, 'worker', 1)).toBe('cut');
    expect(faultFor(FAULTS, 'digest', 1)).toBeNull();
  });
});

describe('spoilAnswer', () => {
  const calls = callTools([
    { tool: 'task_dispatch', input: { refs: ['T1'] } },
    { tool: 'handoff', input: { note: '', done: false } },
  ]);

  it('leaves the answer alone for faults of the wire', () => {
    expect(spoilAnswer(calls, 'cut')).toBe(calls);
    expect(spoilAnswer(calls, null)).toBe(calls);
  });

  it('cuts the last block and says max_tokens', () => {
    const { blocks, stopReason } = spoilAnswer(calls, 'truncate');
    expect(stopReason).toBe('max_tokens');
    expect(blocks).toEqual([
      calls.blocks[0],
      { type: 'tool_use', name: 'handoff', inputJson: '{"note":"","' },
    ]);
    expect(spoilAnswer({ blocks: [], stopReason: 'end_turn' }, 'truncate').stopReason).toBe('max_tokens');
  });

  it('gives the first call an input that fits no tool', () => {
    expect(spoilAnswer(calls, 'malformed_tool_input').blocks).toEqual([
      { type: 'tool_use', name: 'task_dispatch', inputJson: '{"malformed":true}' },
      calls.blocks[1],
    ]);
    expect(spoilAnswer(sayText('plain'), 'malformed_tool_input')).toEqual(sayText('plain'));
  });

  it('says nothing when it refuses', () => {
    expect(spoilAnswer(calls, 'refusal')).toEqual({ blocks: [], stopReason: 'refusal' });
  });
});
