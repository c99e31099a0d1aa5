import { z } from 'zod';
import { Components } from './components.js';

const part = z.strictObject({ size: z.int().default(1) }).meta({ id: 'Part' });
const whole = z.object({ parts: z.array(part), note: z.string().nullable() }).meta({ id: 'Whole' });

describe('Components', () => {
  it('makes every named schema a component, once, that others refer to', () => {
    const components = new Components();
    expect(components.add(whole, 'output')).toEqual({ $ref: '#/components/schemas/Whole' });
    expect(components.add(z.array(part), 'output')).toMatchObject({
      items: { $ref: '#/components/schemas/Part' },
    });
    expect(Object.keys(components.schemas).sort()).toEqual(['Part', 'Whole']);
    expect(components.schemas.Whole).toMatchObject({
      properties: { parts: { items: { $ref: '#/components/schemas/Part' } } },
    });
  });

  it('lets a default be left out of a request and promises it in an answer', () => {
    const components = new Components();
    components.add(part, 'input');
    components.add(part, 'output');
    expect(components.schemas.PartInput).not.toHaveProperty('required');
    expect(components.schemas.Part).toHaveProperty('required', ['size']);
  });

  it('forbids unknown fields in requests only', () => {
    const components = new Components();
    components.add(part, 'input');
    components.add(part, 'output');
    expect(components.schemas.PartInput).toHaveProperty('additionalProperties', false);
    expect(components.schemas.Part).not.toHaveProperty('additionalProperties');
  });

  it('writes null as a type, as 3.1 does', () => {
    const components = new Components();
    components.add(whole, 'output');
    expect(components.schemas.Whole).toHaveProperty('properties.note', { type: ['string', 'null'] });
  });
});
