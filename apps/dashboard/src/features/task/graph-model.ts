import type { Neighbourhood } from '../../api/generated/types.gen.js';

export type Neighbour = Neighbourhood['data'][number];

export interface Edge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
}

/** From what must be done first to what waits for it; only between tasks that are shown. */
export function edgesOf(tasks: readonly Neighbour[]): Edge[] {
  const shown = new Set(tasks.map(({ id }) => id));
  return tasks.flatMap(({ id, depends_on: needs }) =>
    needs
      .filter((need) => shown.has(need))
      .map((need) => ({ id: `${need}>${id}`, source: need, target: id })),
  );
}

/** The same as two lists, for whoever reads no drawings. */
export function around(
  tasks: readonly Neighbour[],
  id: string,
): { readonly needs: readonly Neighbour[]; readonly neededBy: readonly Neighbour[] } {
  const task = tasks.find((one) => one.id === id);
  return {
    needs: tasks.filter((one) => task?.depends_on.includes(one.id) === true),
    neededBy: tasks.filter(({ depends_on: needs }) => needs.includes(id)),
  };
}
