import type { Directive } from '../../api/generated/types.gen.js';
import { actionsOn, inOrder } from './directives-model.js';

const aDirective = (ref: string, state: Directive['state']) => ({ ref, state }) as Directive;
const DIRECTIVES = [
  aDirective('D1', 'accepted'),
  aDirective('D2', 'retired'),
  aDirective('D3', 'proposed'),
  aDirective('D4', 'rejected'),
];

describe('the directives of a mission', () => {
  it('begin with the proposals, which wait for a person; what has ended is counted, and shown when asked for', () => {
    const refs = (withEnded: boolean) => inOrder(DIRECTIVES, { withEnded }).shown.map(({ ref }) => ref);
    expect(refs(false)).toEqual(['D3', 'D1']);
    expect(refs(true)).toEqual(['D3', 'D1', 'D2', 'D4']);
    expect(inOrder(DIRECTIVES, { withEnded: false }).endedCount).toBe(2);
  });

  it('take what the ledger takes: a proposal is accepted or rejected, what holds is retired', () => {
    expect(DIRECTIVES.map(actionsOn)).toEqual([['retire'], [], ['accept', 'reject'], []]);
  });
});
