/** One item of a submission, by its place in the request, with the names it may be called by and those it waits for. */
export interface BatchItem {
  readonly index: number;
  readonly key: string | null;
  readonly dependsOn: readonly string[];
}

/** A dependency that was found: another item of the batch, or a task of the ledger (by id). */
export type FoundDependency = { readonly batchIndex: number } | { readonly taskId: string };

export interface ResolvedItem {
  readonly index: number;
  readonly dependencies: readonly FoundDependency[];
}

export interface DependencyProblem {
  readonly index: number;
  readonly code: 'unknown_dependency' | 'dependency_cycle' | 'dependency_refused' | 'duplicate_key';
  readonly message: string;
}

export interface ResolvedBatch {
  /** In an order in which every item comes after the items it depends on. */
  readonly items: readonly ResolvedItem[];
  readonly problems: readonly DependencyProblem[];
}

/**
 * Resolves the dependencies of a batch: keys of the batch win over keys of the ledger, `existing` maps whatever else a
 * caller may write (key, ref or id) to a task's id. Items that cannot stand are problems, and so is what depends on them.
 */
export function resolveBatch(
  batch: readonly BatchItem[],
  existing: ReadonlyMap<string, string>,
): ResolvedBatch {
  const problems = new Map<number, DependencyProblem>();
  const byKey = new Map<string, number>();
  for (const item of batch) {
    if (item.key === null) continue;
    if (byKey.has(item.key)) problems.set(item.index, duplicateKey(item.index, item.key));
    else byKey.set(item.key, item.index);
  }
  const resolved = new Map<number, ResolvedItem>();
  for (const item of batch) {
    if (problems.has(item.index)) continue;
    const outcome = resolveItem(item, byKey, existing);
    if ('code' in outcome) problems.set(item.index, outcome);
    else resolved.set(item.index, outcome);
  }
  return orderBatch(resolved, problems);
}

/** An item with the items of the batch that it still waits for. */
interface Pending {
  readonly item: ResolvedItem;
  readonly needs: Set<number>;
}

/** Kahn's order; what is left over leads to a cycle or to something refused. */
function orderBatch(
  resolved: ReadonlyMap<number, ResolvedItem>,
  problems: Map<number, DependencyProblem>,
): ResolvedBatch {
  const pending = [...resolved.values()].map((item): Pending => ({ item, needs: needsOf(item) }));
  const dependants = new Map<number, Pending[]>();
  for (const one of pending)
    for (const index of one.needs) dependants.set(index, [...(dependants.get(index) ?? []), one]);
  const ready = pending.filter(({ needs }) => needs.size === 0);
  for (const { item } of ready)
    for (const dependant of dependants.get(item.index) ?? []) {
      dependant.needs.delete(item.index);
      if (dependant.needs.size === 0) ready.push(dependant);
    }
  markLeftOvers(
    pending.filter(({ needs }) => needs.size > 0),
    dependants,
    problems,
  );
  return {
    items: ready.map(({ item }) => item),
    problems: [...problems.values()].sort((a, b) => a.index - b.index),
  };
}

function needsOf(item: ResolvedItem): Set<number> {
  return new Set(item.dependencies.flatMap((found) => ('batchIndex' in found ? [found.batchIndex] : [])));
}

function markLeftOvers(
  leftOver: readonly Pending[],
  dependants: ReadonlyMap<number, readonly Pending[]>,
  problems: Map<number, DependencyProblem>,
): void {
  const refused = [...problems.keys()];
  for (const index of refused) {
    for (const { item } of dependants.get(index) ?? []) {
      if (problems.has(item.index)) continue;
      problems.set(item.index, dependencyRefused(item.index));
      refused.push(item.index);
    }
  }
  for (const { item } of leftOver)
    if (!problems.has(item.index)) problems.set(item.index, towardsCycle(item.index));
}

function resolveItem(
  item: BatchItem,
  byKey: ReadonlyMap<string, number>,
  existing: ReadonlyMap<string, string>,
): ResolvedItem | DependencyProblem {
  const found = new Map<string | number, FoundDependency>();
  for (const name of item.dependsOn) {
    const batchIndex = byKey.get(name);
    const taskId = existing.get(name);
    if (batchIndex !== undefined) found.set(batchIndex, { batchIndex });
    else if (taskId !== undefined) found.set(taskId, { taskId });
    else return unknownDependency(item.index, name);
  }
  return { index: item.index, dependencies: [...found.values()] };
}

function duplicateKey(index: number, key: string): DependencyProblem {
  return {
    index,
    code: 'duplicate_key',
    message: `The key "${key}" stands twice in this request; each task needs its own.`,
  };
}

function unknownDependency(index: number, name: string): DependencyProblem {
  return {
    index,
    code: 'unknown_dependency',
    message: `depends_on names "${name}", which is neither a key of this request nor a task of this mission.`,
  };
}

function dependencyRefused(index: number): DependencyProblem {
  return {
    index,
    code: 'dependency_refused',
    message:
      'It depends on a task of this request that was refused; send both again once that one is mended.',
  };
}

function towardsCycle(index: number): DependencyProblem {
  return {
    index,
    code: 'dependency_cycle',
    message:
      'Its dependencies lead to a cycle: it waits for itself, or for a task that does; remove one of them.',
  };
}
