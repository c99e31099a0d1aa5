import fc from 'fast-check';
import { resolveBatch, type BatchItem, type DependencyProblem, type ResolvedBatch } from './dependencies.js';

const NOTHING: ReadonlyMap<string, string> = new Map();

/** Items keyed by their place: `aBatch({ a: ['b'], b: [] })`. */
function aBatch(dependencies: Record<string, readonly string[]>): BatchItem[] {
  return Object.entries(dependencies).map(([key, dependsOn], index) => ({ index, key, dependsOn }));
}

const codes = (resolved: ResolvedBatch): [number, DependencyProblem['code']][] =>
  resolved.problems.map(({ index, code }) => [index, code]);
const order = (resolved: ResolvedBatch): number[] => resolved.items.map(({ index }) => index);

describe('resolveBatch', () => {
  it('orders items after what they depend on', () => {
    const resolved = resolveBatch(aBatch({ c: ['b'], b: ['a'], a: [] }), NOTHING);
    expect(order(resolved)).toEqual([2, 1, 0]);
    expect(resolved.problems).toEqual([]);
  });

  it('finds what the ledger has already under any of its names, each task once', () => {
    const existing = new Map([
      ['T1', 'id-1'],
      ['plan', 'id-1'],
      ['T2', 'id-2'],
    ]);
    expect(resolveBatch(aBatch({ a: ['T1', 'plan', 'T2'] }), existing).items).toEqual([
      { index: 0, dependencies: [{ taskId: 'id-1' }, { taskId: 'id-2' }] },
    ]);
  });

  it('lets a key of the request win over the same name in the ledger', () => {
    const resolved = resolveBatch(aBatch({ a: ['T1'], T1: [] }), new Map([['T1', 'id-1']]));
    expect(resolved.items.find(({ index }) => index === 0)?.dependencies).toEqual([{ batchIndex: 1 }]);
  });

  it('counts a dependency that is named twice once', () => {
    const resolved = resolveBatch(aBatch({ a: ['b', 'b'], b: [] }), NOTHING);
    expect(order(resolved)).toEqual([1, 0]);
    expect(resolved.items[1]?.dependencies).toEqual([{ batchIndex: 1 }]);
  });

  it('refuses a dependency that nobody knows, and says which', () => {
    const resolved = resolveBatch(aBatch({ a: ['b', 'ghost'], b: [] }), NOTHING);
    expect(codes(resolved)).toEqual([[0, 'unknown_dependency']]);
    expect(resolved.problems[0]?.message).toContain('"ghost"');
    expect(order(resolved)).toEqual([1]);
  });

  it('refuses what depends on something refused, however far away, and takes the rest', () => {
    const resolved = resolveBatch(aBatch({ a: ['b'], b: ['c'], c: ['ghost'], d: [] }), NOTHING);
    expect(codes(resolved)).toEqual([
      [0, 'dependency_refused'],
      [1, 'dependency_refused'],
      [2, 'unknown_dependency'],
    ]);
    expect(order(resolved)).toEqual([3]);
  });

  it('reports an item once when it depends on several that were refused', () => {
    const resolved = resolveBatch(aBatch({ a: ['b', 'c'], b: ['ghost'], c: ['ghost'] }), NOTHING);
    expect(codes(resolved)).toEqual([
      [0, 'dependency_refused'],
      [1, 'unknown_dependency'],
      [2, 'unknown_dependency'],
    ]);
  });

  it('refuses a cycle, and a task that waits for itself', () => {
    expect(codes(resolveBatch(aBatch({ a: ['b'], b: ['a'] }), NOTHING))).toEqual([
      [0, 'dependency_cycle'],
      [1, 'dependency_cycle'],
    ]);
    expect(codes(resolveBatch(aBatch({ a: ['a'] }), NOTHING))).toEqual([[0, 'dependency_cycle']]);
  });

  it('never tells a task that merely waits for a cycle that it waits for itself alone', () => {
    const { problems } = resolveBatch(aBatch({ a: ['b'], b: ['a'], behind: ['a'] }), NOTHING);
    expect(problems[2]).toEqual({
      index: 2,
      code: 'dependency_cycle',
      message:
        'Its dependencies lead to a cycle: it waits for itself, or for a task that does; remove one of them.',
    });
  });

  it('keeps the first of two items with one key', () => {
    const batch: BatchItem[] = [
      { index: 0, key: 'a', dependsOn: [] },
      { index: 1, key: 'a', dependsOn: [] },
      { index: 2, key: 'b', dependsOn: ['a'] },
    ];
    const resolved = resolveBatch(batch, NOTHING);
    expect(codes(resolved)).toEqual([[1, 'duplicate_key']]);
    expect(resolved.problems[0]?.message).toContain('"a"');
    expect(resolved.items[1]).toEqual({ index: 2, dependencies: [{ batchIndex: 0 }] });
  });
});

describe('resolveBatch, for any request', () => {
  const EXISTING = new Map([
    ['T1', 'id-1'],
    ['T2', 'id-2'],
    ['k0', 'id-2'],
  ]);
  const aName = fc.oneof(
    { weight: 8, arbitrary: fc.nat(11).map((place) => `k${place}`) },
    fc.constantFrom('T1', 'T2', 'T3'),
  );
  /** Mostly distinct keys, so that graphs get deep; indices with gaps, as when others of the request were malformed. */
  const someBatch = fc
    .array(
      fc.record({
        key: fc.option(fc.nat(20), { freq: 8 }),
        dependsOn: fc.array(aName, { maxLength: 3 }),
        gap: fc.nat(2),
      }),
      { maxLength: 14 },
    )
    .map((items) => {
      let index = -1;
      return items.map(({ key, dependsOn, gap }, place): BatchItem => {
        index += 1 + gap;
        return { index, key: key === null ? null : `k${key > 11 ? key : place}`, dependsOn };
      });
    });

  /** What each item waits for inside the request, told by the names alone. */
  function edgesOf(batch: readonly BatchItem[]): ReadonlyMap<number, readonly number[]> {
    const owner = (name: string): number | undefined => batch.find(({ key }) => key === name)?.index;
    return new Map(
      batch.map(({ index, dependsOn }) => [index, dependsOn.flatMap((name) => owner(name) ?? [])]),
    );
  }

  /** Everything that an item leads to, by depth-first search. */
  function reachedFrom(start: number, edges: ReadonlyMap<number, readonly number[]>): ReadonlySet<number> {
    const reached = new Set<number>();
    const visit = (index: number): void => {
      for (const next of edges.get(index) ?? []) {
        if (reached.has(next)) continue;
        reached.add(next);
        visit(next);
      }
    };
    visit(start);
    return reached;
  }

  it('accepts or refuses every item, and none twice', () => {
    fc.assert(
      fc.property(someBatch, (batch) => {
        const resolved = resolveBatch(batch, EXISTING);
        const answered = [...order(resolved), ...resolved.problems.map(({ index }) => index)];
        expect(answered.sort((a, b) => a - b)).toEqual(batch.map(({ index }) => index));
      }),
    );
  });

  it('never places an item before one that it waits for', () => {
    fc.assert(
      fc.property(someBatch, (batch) => {
        const placed = new Set<number>();
        for (const item of resolveBatch(batch, EXISTING).items) {
          for (const dependency of item.dependencies)
            if ('batchIndex' in dependency) expect(placed).toContain(dependency.batchIndex);
          placed.add(item.index);
        }
      }),
    );
  });

  it('accepts no cycle', () => {
    fc.assert(
      fc.property(someBatch, (batch) => {
        const edges = edgesOf(batch);
        for (const { index } of resolveBatch(batch, EXISTING).items)
          expect(reachedFrom(index, edges)).not.toContain(index);
      }),
    );
  });

  it('keeps every dependency of what it accepts', () => {
    fc.assert(
      fc.property(someBatch, (batch) => {
        const edges = edgesOf(batch);
        for (const { index, dependencies } of resolveBatch(batch, EXISTING).items) {
          const inBatch = dependencies.flatMap((found) => ('batchIndex' in found ? [found.batchIndex] : []));
          const inLedger = dependencies.flatMap((found) => ('taskId' in found ? [found.taskId] : []));
          const names = batch.find((item) => item.index === index)?.dependsOn ?? [];
          const named = names.filter((name) => !batch.some(({ key }) => key === name));
          expect(new Set(inBatch)).toEqual(new Set(edges.get(index)));
          expect(new Set(inLedger)).toEqual(new Set(named.map((name) => EXISTING.get(name))));
          expect(dependencies).toHaveLength(new Set(inBatch).size + new Set(inLedger).size);
        }
      }),
    );
  });

  it('refuses an item only for what it is or leads to, and names the true cause', () => {
    fc.assert(
      fc.property(someBatch, (batch) => {
        const edges = edgesOf(batch);
        const keys = new Set(batch.map(({ key }) => key));
        const isDuplicate = ({ index, key }: BatchItem): boolean =>
          key !== null && batch.some((other) => other.key === key && other.index < index);
        const isUnknown = ({ dependsOn }: BatchItem): boolean =>
          dependsOn.some((name) => !keys.has(name) && !EXISTING.has(name));
        const isRefusedAt = (index: number): boolean =>
          batch.some((item) => item.index === index && (isDuplicate(item) || isUnknown(item)));
        const causeOf = (item: BatchItem): DependencyProblem['code'] | null => {
          if (isDuplicate(item)) return 'duplicate_key';
          if (isUnknown(item)) return 'unknown_dependency';
          const reached = [...reachedFrom(item.index, edges)];
          if (reached.some(isRefusedAt)) return 'dependency_refused';
          const meetsCycle = [item.index, ...reached].some((index) => reachedFrom(index, edges).has(index));
          return meetsCycle ? 'dependency_cycle' : null;
        };
        const { problems } = resolveBatch(batch, EXISTING);
        for (const item of batch)
          expect(problems.find(({ index }) => index === item.index)?.code ?? null).toBe(causeOf(item));
      }),
    );
  });
});
