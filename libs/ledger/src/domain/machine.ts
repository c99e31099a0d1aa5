/** A state machine as one table: for each state, what each action leads to. What is not in it cannot happen. */
export type TransitionTable<State extends string, Action extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Action, State>>>>
>;

/** Where `action` leads from `state`, or null when the table has no such move. */
export function nextState<State extends string, Action extends string>(
  table: TransitionTable<State, Action>,
  state: State,
  action: Action,
): State | null {
  return table[state][action] ?? null;
}

/** States that some sequence of moves reaches from `start`, itself included. */
export function reachableStates<State extends string, Action extends string>(
  table: TransitionTable<State, Action>,
  start: State,
): ReadonlySet<State> {
  const reached = new Set<State>([start]);
  for (const state of reached)
    for (const next of Object.values<State | undefined>(table[state])) if (next) reached.add(next);
  return reached;
}

/** States that nothing leads out of. */
export function terminalStates<State extends string, Action extends string>(
  table: TransitionTable<State, Action>,
): State[] {
  return (Object.keys(table) as State[]).filter((state) => Object.keys(table[state]).length === 0);
}
