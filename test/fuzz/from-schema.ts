import fc from 'fast-check';

export type JsonSchema = Readonly<Record<string, unknown>>;
type Components = Readonly<Record<string, JsonSchema>>;

/** A schema may contain itself; below this depth only what is simple is made. */
const DEPTH_MAX = 3;
const ITEMS_MAX = 3;
const TEXT_MAX = 40;

/** Texts that have broken something somewhere: NUL, a lone surrogate, names of the prototype, markup, SQL, directions, sizes. */
const HOSTILE_TEXTS = [
  '',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff',
  '__proto__',
  'constructor',
  "'; DROP TABLE task; --",
  '<script>alert(1)</script>',
  '\u202eevil',
  '\u200b',
  '💥',
  'x'.repeat(5_000),
  '../../etc/passwd',
  '%00',
  'T1',
  'null',
];
const HOSTILE_NUMBERS = [0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e300, 1e-300, -0];

export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, [], {}, [[]], { a: { b: [null] } }),
  fc.constantFrom<unknown>(...HOSTILE_TEXTS),
  fc.constantFrom<unknown>(...HOSTILE_NUMBERS),
  fc.jsonValue({ maxDepth: 4 }),
);

/** Values that a JSON Schema, as the OpenAPI document has it, allows. What it cannot say may still be refused. */
export function valuesOf(schema: JsonSchema, components: Components, depth = 0): fc.Arbitrary<unknown> {
  const reference = schema['$ref'];
  if (typeof reference === 'string')
    return valuesOf(components[reference.split('/').at(-1) ?? ''] ?? {}, components, depth);
  const choices = (schema['anyOf'] ?? schema['oneOf']) as JsonSchema[] | undefined;
  if (choices !== undefined) return fc.oneof(...choices.map((one) => valuesOf(one, components, depth)));
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom<unknown>(...(schema['enum'] as unknown[]));
  const types = [schema['type'] ?? []].flat() as string[];
  if (types.length === 0) return depth > DEPTH_MAX ? fc.constant(null) : fc.jsonValue({ maxDepth: 2 });
  return fc.oneof(...types.map((type) => valuesOfType(type, schema, components, depth)));
}

function valuesOfType(
  type: string,
  schema: JsonSchema,
  components: Components,
  depth: number,
): fc.Arbitrary<unknown> {
  switch (type) {
    case 'object':
      return objectsOf(schema, components, depth + 1);
    case 'array':
      return arraysOf(schema, components, depth + 1);
    case 'string':
      return textsOf(schema);
    case 'integer':
    case 'number':
      return numbersOf(schema, type);
    case 'boolean':
      return fc.boolean();
    default:
      return fc.constant(null);
  }
}

function objectsOf(schema: JsonSchema, components: Components, depth: number): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>);
  const required = (schema['required'] ?? []) as string[];
  const fields = Object.fromEntries(
    properties.map(([name, field]) => [name, valuesOf(field, components, depth)]),
  );
  if (properties.length > 0)
    return depth > DEPTH_MAX
      ? fc.record(
          Object.fromEntries(required.flatMap((name) => (fields[name] ? [[name, fields[name]]] : []))),
        )
      : fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
  const more = schema['additionalProperties'];
  const values = typeof more === 'object' && depth <= DEPTH_MAX ? (more as JsonSchema) : { type: 'null' };
  return fc.dictionary(fc.string({ maxLength: 8 }), valuesOf(values, components, depth), {
    maxKeys: ITEMS_MAX,
  });
}

function arraysOf(schema: JsonSchema, components: Components, depth: number): fc.Arbitrary<unknown> {
  const minLength = Number(schema['minItems'] ?? 0);
  const maxLength = Math.max(minLength, Math.min(ITEMS_MAX, Number(schema['maxItems'] ?? ITEMS_MAX)));
  if (depth > DEPTH_MAX && minLength === 0) return fc.constant([]);
  return fc.array(valuesOf((schema['items'] ?? {}) as JsonSchema, components, depth), {
    minLength,
    maxLength,
  });
}

function textsOf(schema: JsonSchema): fc.Arbitrary<string> {
  if (schema['format'] === 'date-time')
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
      .map((date) => date.toISOString());
  if (schema['format'] === 'uri') return fc.webUrl();
  const minLength = Number(schema['minLength'] ?? 0);
  const maxLength = Math.max(minLength, Math.min(TEXT_MAX, Number(schema['maxLength'] ?? TEXT_MAX)));
  const pattern = schema['pattern'];
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern, 'u'));
  return fc.string({ unit: 'grapheme', minLength, maxLength });
}

function numbersOf(schema: JsonSchema, type: string): fc.Arbitrary<number> {
  const min = Number(schema['minimum'] ?? schema['exclusiveMinimum'] ?? -1_000);
  const max = Number(schema['maximum'] ?? 1_000_000);
  const bounded = { min: Math.max(min, -1e9), max: Math.min(max, 1e9) };
  if (type === 'integer') return fc.integer({ min: Math.ceil(bounded.min), max: Math.floor(bounded.max) });
  return fc.double({ ...bounded, noNaN: true });
}

/** The value with one place of it changed: replaced by something hostile, left out, or joined by an unknown field. */
export function mutated(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const change = fc.constantFrom<'replace' | 'leave out' | 'add'>('replace', 'leave out', 'add');
  return fc
    .tuple(values, change, fc.nat(), hostileJson, fc.constantFrom(...HOSTILE_TEXTS))
    .map(([value, how, at, hostile, name]) => {
      if (value === null || typeof value !== 'object') return hostile;
      const entries = Object.entries(value);
      const place = entries.length === 0 ? 0 : at % entries.length;
      if (how === 'add') entries.push([name, hostile]);
      else
        entries.splice(
          place,
          1,
          ...(how === 'replace' ? [[entries[place]?.[0] ?? name, hostile] as [string, unknown]] : []),
        );
      return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
    });
}
