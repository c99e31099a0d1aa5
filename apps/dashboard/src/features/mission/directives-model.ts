import type { Directive } from '../../api/generated/types.gen.js';

/** What a person can do about a directive in a state; those that have ended stay so. */
export type DirectiveAction = 'accept' | 'reject' | 'retire';

const ACTIONS: Readonly<Record<Directive['state'], readonly DirectiveAction[]>> = {
  proposed: ['accept', 'reject'],
  accepted: ['retire'],
  rejected: [],
  retired: [],
};

export function actionsOn({ state }: Directive): readonly DirectiveAction[] {
  return ACTIONS[state];
}

/** Proposals first, since they wait for a person, then what holds; what has ended only when it is asked for. */
export function inOrder(
  directives: readonly Directive[],
  { withEnded }: { readonly withEnded: boolean },
): { readonly shown: readonly Directive[]; readonly endedCount: number } {
  const of = (...states: Directive['state'][]) => directives.filter(({ state }) => states.includes(state));
  const ended = of('rejected', 'retired');
  return {
    shown: [...of('proposed'), ...of('accepted'), ...(withEnded ? ended : [])],
    endedCount: ended.length,
  };
}
