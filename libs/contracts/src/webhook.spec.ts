import fc from 'fast-check';
import { EVENT_TYPES } from './event.js';
import { endpointInputSchema, eventPatternSchema, matchesEventPattern } from './webhook.js';

const familyOf = (type: string): string => type.slice(0, type.indexOf('.'));
const FAMILIES = [...new Set(EVENT_TYPES.map(familyOf))];
const aType = fc.constantFrom(...EVENT_TYPES);
const aPattern = fc.oneof(
  aType,
  fc.constantFrom(...FAMILIES).map((family) => `${family}.*`),
  fc.constant('*'),
);

describe('event types', () => {
  it('are a family and what happened, each once', () => {
    for (const type of EVENT_TYPES) expect(type).toMatch(/^[a-z_]+\.[a-z_]+$/);
    expect(new Set(EVENT_TYPES).size).toBe(EVENT_TYPES.length);
  });
});

describe('eventPatternSchema', () => {
  it('takes every type, every family and everything', () => {
    fc.assert(
      fc.property(aPattern, (pattern) => {
        expect(eventPatternSchema.safeParse(pattern).success).toBe(true);
      }),
    );
  });

  it.each(['', '.*', '*.*', 'task', 'task.', 'task.**', 'task.comp*', 'task.done', 'tas.*', 'TASK.*', ' *'])(
    'refuses "%s", which would never match',
    (pattern) => {
      expect(eventPatternSchema.safeParse(pattern).success).toBe(false);
    },
  );
});

describe('matchesEventPattern', () => {
  it('covers with a type itself, with a family its types, with * everything, and nothing else', () => {
    fc.assert(
      fc.property(aPattern, aType, (pattern, type) => {
        const covers = pattern === '*' || pattern === type || pattern === `${familyOf(type)}.*`;
        expect(matchesEventPattern(pattern, type)).toBe(covers);
      }),
      { numRuns: 500 },
    );
  });

  it('tells a family from one whose name begins like it', () => {
    expect(matchesEventPattern('task.*', 'tasks.created')).toBe(false);
    expect(matchesEventPattern('task.*', 'task.created')).toBe(true);
  });

  it('covers at least one type with every pattern that can be stored', () => {
    fc.assert(
      fc.property(fc.oneof(aPattern, fc.string()), (pattern) => {
        if (!eventPatternSchema.safeParse(pattern).success) return;
        expect(EVENT_TYPES.some((type) => matchesEventPattern(pattern, type))).toBe(true);
      }),
    );
  });
});

describe('endpointInputSchema', () => {
  it('needs only an address: it hears everything, of all missions, without results', () => {
    expect(endpointInputSchema.parse({ url: 'https://example.com/hook' })).toEqual({
      url: 'https://example.com/hook',
      event_types: ['*'],
      mission_id: null,
      include_result: false,
      description: '',
    });
  });

  it.each<[string, object]>([
    ['no address', {}],
    ['what is no address', { url: 'example' }],
    ['to hear nothing', { url: 'https://example.com', event_types: [] }],
    ['a secret of the caller’s choice', { url: 'https://example.com', secret: 'whsec_1' }],
  ])('refuses %s', (_, input) => {
    expect(endpointInputSchema.safeParse(input).success).toBe(false);
  });
});
