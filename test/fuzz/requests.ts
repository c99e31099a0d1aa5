import fc from 'fast-check';
import { apiDocument, operations, type Operation } from '../../apps/api/test-support/operations.js';
import { hostileJson, mutated, valuesOf, type JsonSchema } from './from-schema.js';

/** Who sends a request. */
export const ROLES = ['all scopes', 'one scope', 'one mission', 'operator', 'nobody', 'session'] as const;
export type Role = (typeof ROLES)[number];

/** Stands for a key that was never used before; the request is then sent twice. */
export const FRESH_KEY = 'fresh';

/** One request, before it is known which rows there are: an id is a number that picks one. */
export interface FuzzRequest {
  readonly operation: Operation;
  readonly role: Role;
  /** Picks among the rows of the kind; null for an id of nobody, text for one that is no id. */
  readonly id: number | string | null;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  readonly mediaType: string;
  readonly idempotencyKey: string | null;
}

const components = (apiDocument.components['schemas'] ?? {}) as Record<string, JsonSchema>;
/** Waiting is bounded by the route, not worth a test run's time. */
const TOO_SLOW = { wait_seconds: 0 };
/** A tenant that is removed takes its callers with it, and a stream has no end to wait for. */
const ROUTES = operations.filter(
  ({ operationId, path }) => operationId !== 'deleteTenant' && !path.endsWith('/stream'),
);

/** What no schema says: bodies that are no JSON, or JSON of a kind that parsers disagree on. */
const RAW_BODIES = [
  '',
  '{',
  'null',
  '[]',
  '"text"',
  '{"title": 1e400}',
  '{"title": "x", "metadata": {"n": 9007199254740993}}',
  '{"title": "a", "title": "b"}',
  '{"title": "x", "__proto__": {"polluted": true}}',
  '{"title": "x", "metadata": {"__proto__": {"polluted": true}}}',
  '{"title": "\\ud800"}',
  '{"title": "\\u0000"}',
  `{"title": "x", "metadata": {"a": ${'['.repeat(5_000)}${']'.repeat(5_000)}}}`,
  `{"title": "${'x'.repeat(300_000)}"}`,
];

function requestsOf(operation: Operation): fc.Arbitrary<FuzzRequest> {
  const able: Role = operation.access === 'operator' ? 'operator' : 'all scopes';
  return fc.record({
    operation: fc.constant(operation),
    role: fc.oneof(
      { weight: 4, arbitrary: fc.constant(able) },
      { weight: 1, arbitrary: fc.constantFrom(...ROLES) },
    ),
    id: fc.oneof(
      { weight: 8, arbitrary: fc.nat(1_000) },
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom('nothing', '%00', '%ff', 'a b', '..%2f', 'é', '💥') },
    ),
    query: queries(operation),
    mediaType: fc.constantFrom(...mediaTypesOf(operation)),
    body: bodies(operation),
    idempotencyKey: fc.constantFrom(null, null, FRESH_KEY, FRESH_KEY, 'a', 'k'.repeat(255), 'k'.repeat(256)),
  });
}

function mediaTypesOf({ bodies: byType }: Operation): string[] {
  const types = Object.keys(byType);
  return types.length === 0 ? ['application/json'] : types;
}

function queries({ query }: Operation): fc.Arbitrary<Record<string, string>> {
  const fields = query.map(({ name, schema }) => [
    name,
    fc.oneof(
      { weight: 3, arbitrary: valuesOf(schema, components).map(inQuery) },
      { weight: 1, arbitrary: hostileJson.map(inQuery) },
    ),
  ]);
  return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<string>>, {
    requiredKeys: [],
  }) as fc.Arbitrary<Record<string, string>>; // a key that is left out is no value
}

function bodies({ bodies: byType }: Operation): fc.Arbitrary<string> {
  const schema = byType['application/json'];
  if (schema === undefined) return fc.constantFrom('', '{}', '{');
  const fitting = valuesOf(schema, components);
  return fc.oneof(
    { weight: 6, arbitrary: fitting.map(toText) },
    { weight: 5, arbitrary: mutated(fitting).map(toText) },
    { weight: 1, arbitrary: hostileJson.map(toText) },
    { weight: 1, arbitrary: fc.constantFrom(...RAW_BODIES) },
  );
}

function inQuery(value: unknown): string {
  return (typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed();
}

function toText(value: unknown): string {
  const isClaim = value !== null && typeof value === 'object' && 'wait_seconds' in value;
  return JSON.stringify(isClaim ? { ...value, ...TOO_SLOW } : value);
}

/** Every operation as often as every other, mostly with what its schemas allow, by all who may call and who may not. */
export const fuzzRequests: fc.Arbitrary<FuzzRequest> = fc.oneof(...ROUTES.map(requestsOf));
