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
    const { $schema: _, $defs: parts, ...root } = z.toJSONSchema(schema, {
      io: direction,
      unrepresentable: 'any',
      override: ({ jsonSchema }) => {
        // answers may grow fields
        if (direction === 'output' && jsonSchema.additionalProperties === false)
          delete jsonSchema.additionalProperties;
      },
    }) as JsonSchema & { $defs?: Record<string, JsonSchema> };
    const named = { ...parts };
    const rootName = schema.meta()?.id;
    if (rootName !== undefined) named[rootName] = root;
    const names = new Map(Object.keys(named).map((name) => [name, this.freeName(name, direction)]));
    for (const [name, part] of Object.entries(named))
      this.schemas[names.get(name) ?? name] = withReferences(part, names);
    return rootName === undefined
      ? withReferences(root, names)
      : { $ref: `#/components/schemas/${names.get(rootName) ?? rootName}` };
  }

  private freeName(name: string, direction: Direction): string {
    return direction === 'input' && !name.endsWith('Input') ? `${name}Input` : name;
  }
}

function withReferences(schema: JsonSchema, names: ReadonlyMap<string, string>): JsonSchema {
  const text = JSON.stringify(schema, (key, value: unknown) => {
    if (key === 'id' && typeof value === 'string' && names.has(value)) return undefined;
    if (key !== '$ref' || typeof value !== 'string') return value;
    const name = value.replace('#/$defs/', '');
    return `#/components/schemas/${names.get(name) ?? name}`;
  });
  return JSON.parse(text) as JsonSchema;
}
