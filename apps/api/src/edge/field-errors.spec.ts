import { z } from 'zod';
import { storableText } from '#contracts';
import { fieldErrors } from './field-errors.js';
import { validationProblem } from './problem.js';

const schema = z.strictObject({
  title: storableText(5),
  'a/b~c': z.array(z.int()).optional(),
});
const errorsOf = (value: unknown) => {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : fieldErrors(parsed.error);
};

describe('fieldErrors', () => {
  it('points at the field, escaped as RFC 6901 wants it', () => {
    expect(errorsOf({ title: 'x', 'a/b~c': [1, 'two'] })[0]?.pointer).toBe('/a~1b~0c/1');
  });

  it('names each unknown field by itself', () => {
    expect(errorsOf({ title: 'x', one: 1, two: 2 })).toMatchObject([
      { pointer: '/one', code: 'unknown_field' },
      { pointer: '/two', code: 'unknown_field' },
    ]);
  });

  it('lets text that cannot be stored decide the code of the problem', () => {
    const errors = errorsOf({ title: 'a\u0000', 'a/b~c': 7 });
    expect(validationProblem(errors).code).toBe('invalid_text');
    expect(validationProblem(errors.slice(1)).code).toBe('validation_failed');
  });

  it('never answers more than twenty', () => {
    const value = Object.fromEntries(Array.from({ length: 500 }, (_, place) => [`field${place}`, place]));
    expect(errorsOf({ title: 'x', ...value }).length).toBeLessThanOrEqual(20);
  });
});
