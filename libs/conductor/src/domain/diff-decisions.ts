import { canonicalJson } from '#context';
import type { ComparedDecision, DecisionDiff, DecisionRecord, Json } from '#contracts';
import type { ConductorSnapshot, WriteItem } from '#ledger';

/** What two conductors knew alike of the tasks that they name. */
export interface SharedFacts {
  /** Refs of tasks that there were, by whatever else they may be called. */
  readonly refs: ReadonlyMap<string, string>;
  /** Where a task goes that names its worker, whoever dispatches it. */
  readonly workers: ReadonlyMap<string, string>;
  /** Where all others go when nothing is said. */
  readonly defaultWorker: string | null;
}

/** What a wave's snapshot, and the rows that it changed, say of the tasks that were named. */
export function sharedFacts(
  { board }: Pick<ConductorSnapshot, 'board'>,
  workers: readonly string[],
  original: readonly DecisionRecord[],
): SharedFacts {
  const refs = new Map<string, string>();
  const pools = new Map<string, string>();
  for (const { id, ref } of original.flatMap(({ changed }) => changed)) refs.set(id, ref);
  for (const { ref, key, worker } of [...board.ready, ...board.blocked]) {
    if (key !== null) refs.set(key, ref);
    if (worker !== null) pools.set(ref, worker);
  }
  return { refs, workers: pools, defaultWorker: workers[0] ?? null };
}

/** A decision, by whichever conductor: one item of a write. */
type Item = Pick<DecisionRecord, 'tool' | 'input'>;

/**
 * What two conductors decided alike, otherwise, or alone, whatever the order. A task is the same by any of its names; one
 * that both would create is the same by its key or, since each chooses its keys freely, by its title. What is the same
 * in all arguments is paired first, then what is about the same subject.
 */
export function diffDecisions(
  original: readonly DecisionRecord[],
  shadow: readonly WriteItem[],
  facts: SharedFacts,
): DecisionDiff {
  const theirs = shadow.map(({ tool, input }): Item => ({ tool, input: input as Json })); // parsed from JSON
  const renamed = sameCreations(creationsIn(original, facts), creationsIn(theirs, facts));
  const alike = pairUp(
    original.map((item) => compared(item, facts, (name) => facts.refs.get(name) ?? name)),
    theirs.map((item) => compared(item, facts, (name) => facts.refs.get(name) ?? renamed.get(name) ?? name)),
    canonicalJson,
  );
  const related = pairUp(alike.left, alike.right, ({ tool, subject }) =>
    subject === null ? null : `${tool} ${subject}`,
  );
  return {
    same: alike.pairs.map(([decision]) => decision),
    changed: related.pairs.map(([{ tool, subject, input }, other]) => ({
      tool,
      subject,
      original: input,
      shadow: other.input,
    })),
    only_original: related.left,
    only_shadow: related.right,
  };
}

interface Creation {
  readonly key: string;
  readonly title: string;
}

function creationsIn(items: readonly Item[], { refs }: SharedFacts): Creation[] {
  return items.flatMap(({ tool, input }) => {
    const [key, title] = [textAt(input, 'key'), textAt(input, 'title')];
    const isCreation =
      tool === 'task_upsert' && key !== null && title !== null && !refs.has(key) && !hasVersion(input);
    return isCreation ? [{ key, title: title.trim().replace(/\s+/g, ' ').toLowerCase() }] : [];
  });
}

/** The keys of the one side for those of the other that are the same task to be. */
function sameCreations(original: readonly Creation[], shadow: readonly Creation[]): Map<string, string> {
  const keysOf = (creations: readonly Creation[]) => new Set(creations.map(({ key }) => key));
  const [ours, theirs] = [keysOf(original), keysOf(shadow)];
  const { pairs } = pairUp(
    original.filter(({ key }) => !theirs.has(key)),
    shadow.filter(({ key }) => !ours.has(key)),
    ({ title }) => title,
  );
  return new Map(pairs.map(([one, other]) => [other.key, one.key]));
}

function compared(
  { tool, input }: Item,
  facts: SharedFacts,
  nameOf: (name: string) => string,
): ComparedDecision {
  const named = withNames(input, nameOf);
  const ref = textAt(named, 'ref') ?? '';
  const normal =
    tool === 'task_dispatch'
      ? { ref, worker: facts.workers.get(ref) ?? textAt(named, 'worker') ?? facts.defaultWorker }
      : named;
  return { tool, subject: subjectOf(tool, normal), input: normal };
}

/** Null for what is about nothing that has a name: it has a pair only where all is the same. */
function subjectOf(tool: string, input: Json): string | null {
  if (tool === 'handoff') return 'wave';
  if (tool === 'note') return textAt(input, 'supersedes');
  if (tool === 'ask_human') return listAt(input, 'refs')?.join(', ') ?? null;
  return textAt(input, 'ref') ?? textAt(input, 'key');
}

/** The same arguments with one name for each task, lists of tasks in one order, and without what is left open. */
function withNames(value: Json, nameOf: (name: string) => string): Json {
  if (Array.isArray(value)) return value.map((item) => withNames(item, nameOf));
  if (!isObject(value)) return value;
  const fields = Object.entries(value).flatMap(([field, inner]): [string, Json][] => {
    if (inner === null) return [];
    if (NAME_FIELDS.has(field) && typeof inner === 'string') return [[field, nameOf(inner)]];
    if (!NAMES_FIELDS.has(field) || !Array.isArray(inner)) return [[field, withNames(inner, nameOf)]];
    const names = [...new Set(inner.map((name) => (typeof name === 'string' ? nameOf(name) : '')))].sort();
    return names.length === 0 ? [] : [[field, names]];
  });
  return Object.fromEntries(fields);
}

const NAME_FIELDS: ReadonlySet<string> = new Set(['ref', 'key']);
const NAMES_FIELDS: ReadonlySet<string> = new Set(['refs', 'depends_on']);

interface Pairing<Side> {
  readonly pairs: readonly (readonly [Side, Side])[];
  readonly left: Side[];
  readonly right: Side[];
}

/** Pairs what has the same key, each once and in order; a null key has no pair. */
function pairUp<Side>(
  left: readonly Side[],
  right: readonly Side[],
  keyOf: (one: Side) => string | null,
): Pairing<Side> {
  const waiting = new Map<string | null, Side[]>();
  for (const one of right) {
    const key = keyOf(one);
    const alike = waiting.get(key);
    if (alike === undefined) waiting.set(key, [one]);
    else alike.push(one);
  }
  const alone: Side[] = [];
  const pairs: [Side, Side][] = [];
  for (const one of left) {
    const key = keyOf(one);
    const other = key === null ? undefined : waiting.get(key)?.shift();
    if (other === undefined) alone.push(one);
    else pairs.push([one, other]);
  }
  const paired = new Set(pairs.map(([, other]) => other));
  return { pairs, left: alone, right: right.filter((one) => !paired.has(one)) };
}

function hasVersion(input: Json): boolean {
  return isObject(input) && typeof input['expected_version'] === 'number';
}

function textAt(input: Json, field: string): string | null {
  const value = isObject(input) ? input[field] : null;
  return typeof value === 'string' ? value : null;
}

function listAt(input: Json, field: string): string[] | null {
  const value = isObject(input) ? input[field] : null;
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : null;
}

function isObject(value: Json): value is Record<string, Json> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
