import {
  CONDUCTOR_TOOLS,
  isStorableText,
  readToolSchemas,
  writeToolSchemas,
  type StagedWrite,
} from '#contracts';
import fc from 'fast-check';
import {
  ERROR_CHARACTERS_MAX,
  parseCalls,
  splitWrite,
  TOOL_CALLS_PER_RESPONSE_MAX,
  type ParsedCall,
} from './decisions.js';

const parse = (name: string, input: unknown): ParsedCall => {
  const [call] = parseCalls([{ id: 'toolu_1', name, input }]);
  if (call === undefined) throw new Error('a call was left out');
  return call;
};
const messageOf = (call: ParsedCall): string => {
  if (call.kind !== 'error') throw new Error(`no error but a ${call.kind}`);
  return call.message;
};

const aKey = fc.string({ minLength: 1, maxLength: 200 });
const aRef = fc.integer({ min: 1, max: 9_999 }).map((number) => `T${number}`);
const perhaps = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const items = fc.array(fc.record({ key: aKey, title: perhaps(fc.string({ minLength: 1 })) }), {
  minLength: 1,
  maxLength: 10,
});
const verdicts = fc.array(
  fc.record({
    ref: aRef,
    verdict: fc.constantFrom('accept', 'revise', 'fail'),
    feedback: perhaps(fc.string()),
  }),
  { minLength: 1, maxLength: 20 },
);
const entries = fc.array(
  fc.record({ kind: fc.constantFrom('fact', 'decision'), text: fc.string({ minLength: 1 }) }),
  { minLength: 1, maxLength: 10 },
);
const aWrite: fc.Arbitrary<StagedWrite> = fc.oneof(
  items.map((some) => ({ tool: 'task_upsert' as const, input: { items: some } })),
  fc
    .record({ refs: fc.array(aRef, { minLength: 1, maxLength: 20 }), worker: perhaps(fc.constant('build')) })
    .map((input) => ({ tool: 'task_dispatch' as const, input })),
  fc
    .record({ refs: fc.array(aRef, { minLength: 1, maxLength: 20 }), reason: fc.constant('not needed') })
    .map((input) => ({ tool: 'task_cancel' as const, input })),
  fc
    .record({ kind: fc.constantFrom('text', 'approval'), prompt: fc.string({ minLength: 1 }) })
    .map((input) => ({ tool: 'ask_human' as const, input })),
  verdicts.map((some) => ({ tool: 'task_review' as const, input: { verdicts: some } })),
  entries.map((some) => ({ tool: 'note' as const, input: { entries: some } })),
  fc
    .record({ note: fc.string({ maxLength: 90 }), done: fc.boolean() })
    .map((input) => ({ tool: 'handoff' as const, input })),
);

/** The items of a write, as the decisions count them. */
function itemsOf(write: StagedWrite): unknown[] {
  switch (write.tool) {
    case 'task_upsert':
      return write.input.items;
    case 'task_dispatch':
      return write.input.refs.map((ref) => ({ ref, worker: write.input.worker }));
    case 'task_review':
      return write.input.verdicts;
    case 'task_cancel':
      return write.input.refs.map((ref) => ({ ref, reason: write.input.reason }));
    case 'note':
      return write.input.entries;
    case 'ask_human':
    case 'handoff':
      return [write.input];
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
}

describe('parseCalls', () => {
  const aTool = fc.oneof(fc.constantFrom<string>(...CONDUCTOR_TOOLS), fc.string());

  it('reads a write one item at a time, and a read as it is', () => {
    expect(parse('task_dispatch', { refs: ['T1', 'T2'] })).toEqual({
      id: 'toolu_1',
      kind: 'write',
      writes: [
        { tool: 'task_dispatch', input: { refs: ['T1'] } },
        { tool: 'task_dispatch', input: { refs: ['T2'] } },
      ],
    });
    expect(parse('ledger_get', { refs: ['T1'] })).toEqual({
      id: 'toolu_1',
      kind: 'read',
      read: { tool: 'ledger_get', input: { refs: ['T1'] } },
    });
  });

  it('never throws, and answers every call under its own id and in order, whatever the model wrote', () => {
    const aUse = fc.record({ id: fc.string(), name: aTool, input: fc.jsonValue({ maxDepth: 4 }) });
    fc.assert(
      fc.property(fc.array(aUse, { maxLength: 12 }), (uses) => {
        expect(parseCalls(uses).map(({ id }) => id)).toEqual(uses.map(({ id }) => id));
      }),
      { numRuns: 500 },
    );
  });

  it('takes whatever fits a tool’s schema, item by item and in order', () => {
    fc.assert(
      fc.property(aWrite, (write) => {
        const call = parse(write.tool, write.input);
        if (call.kind !== 'write') throw new Error(messageOf(call));
        expect(call.writes.flatMap(itemsOf)).toEqual(itemsOf(write));
      }),
    );
  });

  it('has an answer for each tool that the model is told of', () => {
    for (const name of CONDUCTOR_TOOLS) expect(messageOf(parse(name, {}))).toContain(`the input of ${name} `);
    expect([...Object.keys(readToolSchemas), ...Object.keys(writeToolSchemas)].sort()).toEqual(
      [...CONDUCTOR_TOOLS].sort(),
    );
  });

  it('refuses a hand-off note that the next conductor could not be shown whole, and says the bound', () => {
    const said = messageOf(parse('handoff', { note: '漢字'.repeat(150), done: false }));
    expect(said).toContain('takes about 390 tokens and may take 300');
    expect(messageOf(parse('handoff', { note: 'x'.repeat(901), done: false }))).toContain('<=900');
    expect(parse('handoff', { note: '漢字'.repeat(100), done: false }).kind).toBe('write');
  });

  it('says what is wrong with an input, and where, so that it can be mended', () => {
    expect(messageOf(parse('task_review', { verdicts: [{ ref: 'T1', verdict: 'maybe' }] }))).toMatch(
      /^nothing of this call was run: the input of task_review does not fit its schema: verdicts\.0\.verdict: /,
    );
    expect(messageOf(parse('note', []))).toMatch(/schema: input: /);
  });

  it.each(['', 'bash', 'constructor', '__proto__', 'toString'])('knows no tool named "%s"', (name) => {
    expect(messageOf(parse(name, {}))).toBe(
      `there is no tool ${name}; there are ${CONDUCTOR_TOOLS.join(', ')}`,
    );
  });

  it('runs the first eight calls of a response and says so of the rest', () => {
    const uses = Array.from({ length: TOOL_CALLS_PER_RESPONSE_MAX + 2 }, (_, place) => ({
      id: `toolu_${place}`,
      name: 'ledger_get',
      input: { refs: ['T1'] },
    }));
    const calls = parseCalls(uses);
    expect(calls.map(({ kind }) => kind)).toEqual([
      ...new Array<string>(TOOL_CALLS_PER_RESPONSE_MAX).fill('read'),
      'error',
      'error',
    ]);
    expect(calls.slice(TOOL_CALLS_PER_RESPONSE_MAX).map(messageOf)[0]).toBe(
      'at most 8 tool calls a response; this one was not run',
    );
  });

  it('never lets a call through in part: one bad item refuses the call', () => {
    const call = parse('task_upsert', { items: [{ key: 'good', title: 'Good' }, { title: 'no key' }] });
    expect(call.kind).toBe('error');
  });

  it('never answers with more than a bounded error, however long the names are that the model made up', () => {
    const long = 'x'.repeat(50_000);
    expect(messageOf(parse('handoff', { [long]: 1 })).length).toBe(ERROR_CHARACTERS_MAX);
    expect(messageOf(parse(long, {})).length).toBe(ERROR_CHARACTERS_MAX);
  });

  it('lets through only text that can be stored, whatever characters the model wrote', () => {
    const odd = fc.string({ unit: fc.constantFrom('\u0000', '\ud800', '\udc00', 'a', '😀'), minLength: 1 });
    fc.assert(
      fc.property(odd, odd, (one, other) => {
        const calls = [
          parse('task_upsert', { items: [{ key: one, title: other, instructions: one }] }),
          parse('task_review', { verdicts: [{ ref: one, verdict: 'revise', feedback: other }] }),
          parse('note', { entries: [{ kind: 'fact', text: one }] }),
          parse('handoff', { note: one, done: false }),
          parse('ledger_search', { query: one }),
          parse('artifact_read', { id: one, offset: 0 }),
          parse('handoff', { [one]: other }),
          parse(one, {}),
        ];
        expect(calls.map(({ kind }) => kind)).toEqual([
          ...new Array<string>(4).fill('write'),
          'read',
          'read',
          'error',
          'error',
        ]);
        expect(textsIn(calls).filter((text) => !isStorableText(text))).toEqual([]);
      }),
    );
  });

  it('refuses an offset that no stored text can have', () => {
    expect(parse('artifact_read', { id: 'A1', offset: Number.MAX_SAFE_INTEGER }).kind).toBe('error');
    expect(parse('artifact_read', { id: 'A1', offset: 64 * 1_024 * 1_024 }).kind).toBe('read');
  });
});

describe('splitWrite', () => {
  it('keeps every item, once and in order, one to a write that its tool takes', () => {
    fc.assert(
      fc.property(aWrite, (write) => {
        const parts = splitWrite(write);
        expect(parts.map(itemsOf)).toEqual(itemsOf(write).map((item) => [item]));
        for (const part of parts)
          expect(writeToolSchemas[part.tool].safeParse(part.input).success).toBe(true);
      }),
    );
  });

  it('cannot be split further', () => {
    fc.assert(
      fc.property(aWrite, (write) => {
        const parts = splitWrite(write);
        expect(parts.flatMap(splitWrite)).toEqual(parts);
      }),
    );
  });
});
