import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;
type Direction = 'input' | 'output';

/** The named schemas of a document, collected while it is written. */
export class Components {
  readonly schemas: Record<string, JsonSchema> = {};

  /**
   * The schema as OpenAPI 3.1 takes it: named parts become components. A part that reads otherwise as input (defaults
   * are optional there) than as output keeps its name as output and gets `…Input` as input.
   */
  add(schema: z.ZodType, direction: Direction): JsonSchema {
    const { $defs: parts = {}, ...root } = z.toJSONSchema(schema, {
      io: direction,
      unrepresentable: 'any',
      override: ({ jsonSchema }) => {
        // answers may grow fields
        if (direction === 'output' && jsonSchema.additionalProperties === false)
          delete jsonSchema.additionalProperties;
      },
    }) as JsonSchema & { $defs?: Record<string, JsonSchema> };
    const names = new Map(Object.keys(parts).map((name) => [name, nameOf(name, direction)]));
    for (const [name, part] of Object.entries(parts))
      this.schemas[nameOf(name, direction)] = withReferences(part, names);
    return withReferences(root, names);
  }
}

function nameOf(name: string, direction: Direction): string {
  if (name.startsWith('__schema')) return 'Json'; // the only schema here that contains itself and has no name
  return direction === 'input' && !name.endsWith('Input') ? `${name}Input` : name;
}

/** Points references at components, and drops the ids that became their names and the dialect, which is the document's. */
function withReferences(schema: JsonSchema, names: ReadonlyMap<string, string>): JsonSchema {
  const text = JSON.stringify(schema, (key, value: unknown) => {
    if (key === '$schema') return undefined;
    if (key === 'id' && typeof value === 'string' && names.has(value)) return undefined;
    if (key !== '$ref' || typeof value !== 'string') return value;
    const name = value.replace('#/$defs/', '');
    return `#/components/schemas/${names.get(name) ?? name}`;
  });
  return JSON.parse(text) as JsonSchema;
}
