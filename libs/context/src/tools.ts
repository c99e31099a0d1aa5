import {
  CONDUCTOR_TOOLS,
  CONDUCTOR_TOOL_DESCRIPTIONS,
  type ConductorTool,
  readToolSchemas,
  writeToolSchemas,
} from '#contracts';
import { z } from 'zod';
import { breakpointAfter } from './domain/breakpoints.js';
import type { RequestTool } from './domain/conductor-request.js';

/** Section Z0: the conductor's tools in their fixed order, the cache breakpoint on the last one. */
export function conductorTools(): RequestTool[] {
  return CONDUCTOR_TOOLS.map((name, index) => ({
    name,
    description: CONDUCTOR_TOOL_DESCRIPTIONS[name],
    strict: true,
    input_schema: { ...strictSchema(jsonSchemaOf(name)), type: 'object' },
    ...(index === CONDUCTOR_TOOLS.length - 1 && breakpointAfter('Z0')),
  }));
}

/** What the tools' zod schemas turn into: neither references, unions nor schemas that are plain `true`. */
interface PlainSchema {
  readonly type: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: PlainSchema;
  readonly properties?: Readonly<Record<string, PlainSchema>>;
  readonly required?: readonly string[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

const toolSchemas: Record<ConductorTool, z.ZodType> = { ...readToolSchemas, ...writeToolSchemas };

function jsonSchemaOf(name: ConductorTool): PlainSchema {
  return z.toJSONSchema(toolSchemas[name], { io: 'input' }) as PlainSchema;
}

/**
 * The subset of JSON Schema that strict tools accept: no bounds on numbers, lengths or patterns, at most `minItems` 1.
 * Upper bounds are told in words instead, and all are checked when a call arrives.
 */
function strictSchema(schema: PlainSchema): Record<string, unknown> {
  const description = [schema.description, boundInWords(schema)].filter(Boolean).join('; ');
  return {
    type: schema.type,
    ...(description !== '' && { description }),
    ...(schema.enum && { enum: schema.enum }),
    ...(schema.minItems === 1 && { minItems: 1 }),
    ...(schema.items && { items: strictSchema(schema.items) }),
    ...(schema.properties && {
      properties: Object.fromEntries(
        Object.entries(schema.properties).map(([name, inner]) => [name, strictSchema(inner)]),
      ),
      required: schema.required,
      additionalProperties: false,
    }),
  };
}

/** Names, refs, offsets and whole instructions never come near their bounds; telling those would only cost every request tokens. */
const LENGTHS_WORTH_TELLING = { min: 900, max: 4_000 } as const;
const MAXIMUM_WORTH_TELLING = 100;

function boundInWords({ maxItems, maxLength = 0, minimum = 0, maximum = Infinity }: PlainSchema): string {
  if (maxItems !== undefined) return `max ${maxItems}`;
  if (maxLength >= LENGTHS_WORTH_TELLING.min && maxLength <= LENGTHS_WORTH_TELLING.max)
    return `max ${maxLength} chars`;
  return maximum <= MAXIMUM_WORTH_TELLING ? `${minimum} to ${maximum}` : '';
}
