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
    if (byKey.has(item.key)) problems.set(item.index, duplicateKey(item));
    else byKey.set(item.key, item.index);
  }
  const resolved = new Map<number, ResolvedItem>();
  for (const item of batch) {
    if (problems.has(item.index)) continue;
    const unknown = item.dependsOn.find((name) => !byKey.has(name) && !existing.has(name));
    if (unknown === undefined) resolved.set(item.index, resolveItem(item, byKey, existing));
    else problems.set(item.index, unknownDependency(item, unknown));
  }
  return orderBatch(resolved, problems);
}

/** Kahn's order; what is left over stands on a cycle or on something refused. */
function orderBatch(
  resolved: ReadonlyMap<number, ResolvedItem>,
  problems: Map<number, DependencyProblem>,
): ResolvedBatch {
  const waitsFor = new Map<number, Set<number>>();
  const dependants = new Map<number, number[]>();
  for (const item of resolved.values()) {
    const inBatch = item.dependencies.flatMap((dependency) =>
      'batchIndex' in dependency ? [dependency.batchIndex] : [],
    );
    waitsFor.set(item.index, new Set(inBatch));
    for (const index of inBatch) dependants.set(index, [...(dependants.get(index) ?? []), item.index]);
  }
  const ready = [...waitsFor].filter(([, needs]) => needs.size === 0).map(([index]) => index);
  const items: ResolvedItem[] = [];
  for (const index of ready) {
    const item = resolved.get(index);
    if (item !== undefined) items.push(item);
    for (const dependant of dependants.get(index) ?? []) {
      const needs = waitsFor.get(dependant);
      needs?.delete(index);
      if (needs?.size === 0) ready.push(dependant);
    }
  }
  const placed = new Set(items.map((item) => item.index));
  markLeftOvers(
    [...resolved.keys()].filter((index) => !placed.has(index)),
    dependants,
    problems,
  );
  return { items, problems: [...problems.values()].sort((a, b) => a.index - b.index) };
}

function markLeftOvers(
  leftOver: readonly number[],
  dependants: ReadonlyMap<number, readonly number[]>,
  problems: Map<number, DependencyProblem>,
): void {
  const refused = [...problems.keys()];
  for (const index of refused) {
    for (const dependant of dependants.get(index) ?? []) {
      if (problems.has(dependant)) continue;
      problems.set(dependant, dependencyRefused(dependant));
      refused.push(dependant);
    }
  }
  for (const index of leftOver) if (!problems.has(index)) problems.set(index, onCycle(index));
}

function resolveItem(
  item: BatchItem,
  byKey: ReadonlyMap<string, number>,
  existing: ReadonlyMap<string, string>,
): ResolvedItem {
  const found = new Map<string | number, FoundDependency>();
  for (const name of item.dependsOn) {
    const batchIndex = byKey.get(name);
    const taskId = existing.get(name);
    if (batchIndex !== undefined) found.set(batchIndex, { batchIndex });
    else if (taskId !== undefined) found.set(taskId, { taskId });
  }
  return { index: item.index, dependencies: [...found.values()] };
}

function duplicateKey(item: BatchItem): DependencyProblem {
  return {
    index: item.index,
    code: 'duplicate_key',
    message: `The key "${item.key ?? ''}" stands twice in this request; each task needs its own.`,
  };
}

function unknownDependency(item: BatchItem, name: string): DependencyProblem {
  return {
    index: item.index,
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

function onCycle(index: number): DependencyProblem {
  return {
    index,
    code: 'dependency_cycle',
    message: 'It waits for itself through its dependencies; remove one of them.',
  };
}
