import { ATTEMPT_STATES, MISSION_STATES, TASK_STATES, WAVE_STATES } from '#contracts';
import fc from 'fast-check';
import { ATTEMPT_TRANSITIONS } from './attempt-state.js';
import { nextState, reachableStates, terminalStates, type TransitionTable } from './machine.js';
import { MISSION_TRANSITIONS } from './mission-state.js';
import { TASK_TRANSITIONS } from './task-state.js';
import { WAVE_TRANSITIONS } from './wave-state.js';

interface Machine {
  readonly name: string;
  readonly table: TransitionTable<string, string>;
  /** Every state that the API knows. */
  readonly states: readonly string[];
  /** States that a new row may have. */
  readonly initial: readonly string[];
  readonly terminal: readonly string[];
}

const MACHINES: readonly Machine[] = [
  {
    name: 'task',
    table: TASK_TRANSITIONS,
    states: TASK_STATES,
    initial: ['blocked', 'queued'],
    terminal: ['completed'],
  },
  {
    name: 'attempt',
    table: ATTEMPT_TRANSITIONS,
    states: ATTEMPT_STATES,
    initial: ['offered'],
    terminal: ['succeeded', 'failed', 'expired', 'canceled'],
  },
  {
    name: 'wave',
    table: WAVE_TRANSITIONS,
    states: WAVE_STATES,
    initial: ['running'],
    terminal: ['committed', 'aborted'],
  },
  {
    name: 'mission',
    table: MISSION_TRANSITIONS,
    states: MISSION_STATES,
    initial: ['active'],
    terminal: ['archived'],
  },
];

describe.each(MACHINES)('the $name machine', ({ table, states, initial, terminal }) => {
  const actions = [...new Set(Object.values(table).flatMap((moves) => Object.keys(moves)))];
  const aWalk = fc.array(fc.constantFrom(...actions), { maxLength: 30 });

  /** Where a walk leads when moves that the table does not have are refused. */
  const walk = (start: string, taken: readonly string[]): string =>
    taken.reduce((state, action) => nextState(table, state, action) ?? state, start);

  it('has exactly the states that the API shows', () => {
    expect(Object.keys(table).sort()).toEqual([...states].sort());
  });

  it('reaches every state from where a row begins', () => {
    const reached = new Set(initial.flatMap((start) => [...reachableStates(table, start)]));
    expect([...reached].sort()).toEqual([...states].sort());
  });

  it('ends where the design says and nowhere else', () => {
    expect(terminalStates(table).sort()).toEqual([...terminal].sort());
  });

  it('never leaves a terminal state', () => {
    fc.assert(
      fc.property(fc.constantFrom(...terminal), aWalk, (state, taken) => {
        expect(walk(state, taken)).toBe(state);
      }),
    );
  });

  it('never walks out of what is reachable', () => {
    fc.assert(
      fc.property(fc.constantFrom(...states), aWalk, (start, taken) => {
        expect(reachableStates(table, start)).toContain(walk(start, taken));
      }),
    );
  });

  it('can always come to an end', () => {
    for (const state of states) {
      const reached = reachableStates(table, state);
      expect(terminal.some((end) => reached.has(end))).toBe(true);
    }
  });
});

describe('reachableStates', () => {
  it('takes a move that leads nowhere for none', () => {
    const table: TransitionTable<'on' | 'off', 'push'> = { on: { push: undefined }, off: { push: 'on' } };
    expect(reachableStates(table, 'on')).toEqual(new Set(['on']));
    expect(reachableStates(table, 'off')).toEqual(new Set(['on', 'off']));
  });
});

describe('the task machine', () => {
  it('completes no task twice', () => {
    const completing = TASK_STATES.filter((state) => nextState(TASK_TRANSITIONS, state, 'complete') !== null);
    expect(completing).toEqual(['queued', 'working']);
    expect(reachableStates(TASK_TRANSITIONS, 'completed')).toEqual(new Set(['completed']));
  });

  it('takes up again what failed or was canceled, and never what was completed', () => {
    expect(nextState(TASK_TRANSITIONS, 'failed', 'retry')).toBe('queued');
    expect(nextState(TASK_TRANSITIONS, 'canceled', 'retry')).toBe('queued');
    expect(nextState(TASK_TRANSITIONS, 'failed', 'retry_blocked')).toBe('blocked');
    expect(nextState(TASK_TRANSITIONS, 'completed', 'retry')).toBeNull();
  });

  it('can be canceled as long as it is open', () => {
    const cancelable = TASK_STATES.filter((state) => nextState(TASK_TRANSITIONS, state, 'cancel') !== null);
    expect(cancelable).toEqual(['blocked', 'queued', 'working', 'input_required']);
  });
});

describe('the attempt machine', () => {
  it('gives a lease back as an offer, counted as no end', () => {
    expect(nextState(ATTEMPT_TRANSITIONS, 'leased', 'release')).toBe('offered');
  });

  it('ends in a result only from a lease', () => {
    for (const action of ['succeed', 'fail', 'expire'] as const)
      expect(
        ATTEMPT_STATES.filter((state) => nextState(ATTEMPT_TRANSITIONS, state, action) !== null),
      ).toEqual(['leased']);
  });
});
