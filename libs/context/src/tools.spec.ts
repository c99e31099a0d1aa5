import { CONDUCTOR_TOOLS } from '#contracts';
import { canonicalJson } from './domain/canonical-json.js';
import { estimateTokens } from './domain/estimate.js';
import { SECTION_TABLE } from './domain/section-table.js';
import { conductorTools } from './tools.js';

/** Keywords that a strict tool may use. */
const STRICT_KEYWORDS = [
  'type',
  'description',
  'enum',
  'items',
  'minItems',
  'properties',
  'required',
  'additionalProperties',
];

function schemasIn(schema: Record<string, unknown>): Record<string, unknown>[] {
  const inner = [schema.items, ...Object.values(schema.properties ?? {})].filter((one) => one !== undefined);
  return [schema, ...inner.flatMap((one) => schemasIn(one as Record<string, unknown>))];
}

describe('conductorTools', () => {
  const tools = conductorTools();
  const schemas = tools.flatMap((tool) => schemasIn(tool.input_schema));

  it('lists every tool in its fixed order, strict, with one cache breakpoint at the end', () => {
    expect(tools.map(({ name }) => name)).toEqual(CONDUCTOR_TOOLS);
    expect(tools.map(({ strict }) => strict)).toEqual(CONDUCTOR_TOOLS.map(() => true));
    expect(tools.map((tool) => tool.cache_control?.ttl)).toEqual([
      ...tools.slice(1).map(() => undefined),
      '1h',
    ]);
  });

  it('uses only what strict tools accept', () => {
    expect(
      schemas.flatMap((schema) => Object.keys(schema)).filter((word) => !STRICT_KEYWORDS.includes(word)),
    ).toEqual([]);
    for (const schema of schemas.filter(({ type }) => type === 'object'))
      expect(schema).toMatchObject({ additionalProperties: false, required: expect.any(Array) });
  });

  it('tells in words the bounds that a model could run into', () => {
    const handoff = tools.find(({ name }) => name === 'handoff');
    expect(handoff?.input_schema.properties).toMatchObject({
      note: { type: 'string', description: 'max 900 chars' },
    });
    expect(canonicalJson(tools)).toContain('"description":"0 to 4"');
    expect(canonicalJson(tools)).not.toContain('9007199254740991');
  });

  it('fits the section', () => {
    expect(estimateTokens(canonicalJson(tools))).toBeLessThanOrEqual(SECTION_TABLE.Z0.ceiling);
  });
});
