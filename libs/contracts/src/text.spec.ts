import fc from 'fast-check';
import {
  INVALID_TEXT,
  isStorableText,
  jsonSchema,
  METADATA_BYTES_MAX,
  metadataSchema,
  storableText,
  toStorableText,
} from './text.js';

/** Well-formed and broken text alike. */
const anyText = fc.string({
  unit: fc.oneof(
    { weight: 5, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
    fc.constantFrom('\u0000', '\ud800', '\udc00', '😀', 'é'),
  ),
});
const codesOf = (result: { error?: { issues: readonly object[] } }): unknown[] =>
  (result.error?.issues ?? []).map((issue) => {
    const params: unknown = Reflect.get(issue, 'params');
    return params !== null && typeof params === 'object' ? Reflect.get(params, 'code') : undefined;
  });

describe('storable text', () => {
  it.each(['', 'plain', 'é\n\t', '😀', '\ufffd'])('is %j', (text) => {
    expect(isStorableText(text)).toBe(true);
  });

  it.each(['\u0000', 'a\u0000b', '\ud83d', '\ude00', '\ude00\ud83d'])('is not %j', (text) => {
    expect(isStorableText(text)).toBe(false);
  });

  it('survives the way through UTF-8 unchanged', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const comesBack = Buffer.from(text, 'utf8').toString('utf8') === text;
        expect(isStorableText(text)).toBe(comesBack && !text.includes('\u0000'));
      }),
    );
  });

  it('can be made of any text, of the same length, changing only what cannot be stored', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const storable = toStorableText(text);
        expect(isStorableText(storable)).toBe(true);
        expect(storable).toHaveLength(text.length);
        expect(toStorableText(storable)).toBe(storable);
        if (isStorableText(text)) expect(storable).toBe(text);
      }),
    );
  });
});

describe('storableText', () => {
  it('bounds the length and refuses what cannot be stored, under a code of its own', () => {
    const schema = storableText(5, 1);
    expect(schema.safeParse('12345').success).toBe(true);
    expect(schema.safeParse('').success).toBe(false);
    expect(schema.safeParse('123456').success).toBe(false);
    expect(codesOf(schema.safeParse('a\u0000'))).toEqual([INVALID_TEXT]);
    expect(storableText(5).safeParse('').success).toBe(true);
  });

  it('never changes what it takes', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const parsed = storableText(100).safeParse(text);
        expect(parsed.success).toBe(isStorableText(text));
        if (parsed.success) expect(parsed.data).toBe(text);
      }),
    );
  });
});

describe('jsonSchema', () => {
  it('takes any JSON and gives it back as it was', () => {
    const aValue = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(aValue, (value) => {
        const parsed = jsonSchema.safeParse(value);
        expect(parsed.success ? parsed.data : value).toEqual(value);
      }),
    );
  });

  it('leaves out a key that would give an object of ours another prototype', () => {
    const parsed = jsonSchema.parse(JSON.parse('{"__proto__":{"admin":true},"a":1}'));
    expect(JSON.stringify(parsed)).toBe('{"a":1}');
  });

  it.each([['a\u0000'], [['\ud800']], [{ deep: [{ in: '\u0000' }] }], [{ 'key\u0000': 1 }]])(
    'refuses %j wherever the text stands, keys included',
    (value) => {
      expect(codesOf(jsonSchema.safeParse(value))).toEqual([INVALID_TEXT]);
    },
  );

  it.each([[undefined], [() => 1], [Number.NaN], [1n]])('refuses %p, which is no JSON', (value) => {
    expect(jsonSchema.safeParse(value).success).toBe(false);
  });
});

describe('metadataSchema', () => {
  it('takes an object of any JSON and nothing else', () => {
    expect(metadataSchema.parse({ a: [1, { b: null }] })).toEqual({ a: [1, { b: null }] });
    for (const value of [null, [], 'text', 1]) expect(metadataSchema.safeParse(value).success).toBe(false);
  });

  it('refuses keys that cannot be stored', () => {
    expect(codesOf(metadataSchema.safeParse({ 'a\ud800': 1 }))).toEqual([INVALID_TEXT]);
  });

  it('is bounded', () => {
    const ofLength = (characters: number): object => ({ a: 'x'.repeat(characters - '{"a":""}'.length) });
    expect(metadataSchema.safeParse(ofLength(METADATA_BYTES_MAX)).success).toBe(true);
    expect(metadataSchema.safeParse(ofLength(METADATA_BYTES_MAX + 1)).success).toBe(false);
  });
});
