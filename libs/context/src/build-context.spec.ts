import { jest } from '@jest/globals';
import {
  aMessage,
  anEnd,
  anInput,
  aResult,
  aReview,
  aSnapshot,
  aSuccess,
  aTask,
  finishedWork,
  inFlight,
} from '../test/a-snapshot.js';
import { BUILDER_VERSION, buildContext, type ContextInput, type ContextPack } from './build-context.js';
import { canonicalJson, sha256Hex } from './domain/canonical-json.js';
import { rebuildContext } from './rebuild-context.js';

function packed(input: ContextInput): ContextPack {
  const outcome = buildContext(input);
  if (outcome.kind !== 'packed') throw new Error(`overcommitted by ${outcome.obligedTokens}`);
  return outcome;
}

const many = <One>(count: number, make: (number: number) => One): One[] =>
  Array.from({ length: count }, (_, index) => make(index + 1));

const long = 'The harbour master reported on each of the piles. '.repeat(80);

/** Far more of everything than fits. */
const crowded = aSnapshot({
  directives: many(3, (number) => ({ ref: `D${number}`, text: `Directive ${number}.` })),
  notes: many(80, (number) => ({
    ref: `N${number}`,
    kind: 'decision',
    text: long.slice(0, 400),
    waveNumber: number,
  })),
  finished: finishedWork(...many(4_095, (number) => anEnd(number, { outcome: long.slice(0, 200) }))),
  board: {
    ready: many(300, (number) => aTask(number)),
    inFlight: many(10, (number) => inFlight(300 + number)),
    review: many(20, (number) => aReview(400 + number, { result: aResult({ summary: long }) })),
    blocked: many(300, (number) => aTask(500 + number, { openDependencies: ['T1'] })),
  },
  inbox: [aMessage(1, long), ...many(19, (number) => aSuccess(400 + number, aResult({ summary: long })))],
  inboxSpill: 30,
});

describe('buildContext', () => {
  it('lays the sections out from what changes least to what changes most, with cache breakpoints after what stays', () => {
    const { request } = packed(anInput(aSnapshot()));
    const blocks = [...request.system, ...request.messages[0].content];
    expect(blocks.map(({ text }) => text.split('\n')[0])).toEqual([
      '# Z1 Role and protocol',
      '# Z2 Mission charter',
      '# Z3 Directives',
      '# Z4 Finished work',
      '# Z5 Registers',
      '# Z6 Board',
      '# Z7 Inbox page',
      '# Z8 This wave',
    ]);
    expect([...request.tools, ...blocks].flatMap((block) => block.cache_control?.ttl ?? [])).toEqual([
      '1h',
      '1h',
    ]);
    expect(request).toMatchObject({
      model: 'claude-sonnet-5-5',
      max_tokens: 4_096,
      messages: [{ role: 'user' }],
    });
  });

  it.each([8_000, 24_000, 100_000])(
    'packs a crowded mission into a budget of %d',
    (context_budget_tokens) => {
      const pack = packed(anInput(crowded, { context_budget_tokens }));
      expect(pack.totalTokens).toBeLessThanOrEqual(pack.targetTokens);
      expect(pack.totalTokens).toBeGreaterThan(pack.targetTokens * 0.75);
      expect(pack.shownInboxRefs.length).toBeGreaterThanOrEqual(5);
      expect(pack.request.messages[0].content[2]?.text).toMatch(/## Ready to dispatch \(300\)\nT1 /);
    },
  );

  it('reports what it shows: items of the page and tasks', () => {
    const snapshot = aSnapshot({
      finished: finishedWork(anEnd(1)),
      board: { ready: [aTask(2)], review: [aReview(4)] },
      inbox: [aMessage(1, 'Hello.'), aSuccess(4), aSuccess(7)],
    });
    const pack = packed(anInput(snapshot));
    expect(pack.shownInboxRefs).toEqual(['I1', 'I4', 'I7']);
    expect(pack.shownTaskRefs).toEqual(['T1', 'T2', 'T4', 'T7']);
    expect(pack.builderVersion).toBe(BUILDER_VERSION);
    expect(pack.requestSha256).toBe(sha256Hex(canonicalJson(pack.request)));
  });

  it('shows no more of the inbox than the policy, or the caller, wants', () => {
    const snapshot = aSnapshot({ inbox: many(9, (number) => aSuccess(number)) });
    expect(packed(anInput(snapshot, { inbox_page_max: 4 })).shownInboxRefs).toEqual(['I1', 'I2', 'I3', 'I4']);
    expect(packed({ ...anInput(snapshot, { inbox_page_max: 4 }), page: 2 }).shownInboxRefs).toEqual([
      'I1',
      'I2',
    ]);
  });

  it('never trims directives: beyond 60 % of the room it says overcommitted', () => {
    const directives = (words: number) => [{ ref: 'D1', text: 'word '.repeat(words) }];
    const fits = anInput(aSnapshot({ directives: directives(4_500) }));
    const { sections, targetTokens } = packed(fits);
    const [Z0, Z1, Z2, Z3] = sections.map(({ tokens }) => tokens);
    expect(sections[3]?.ceiling).toBe(Z3);
    const allowedTokens = Math.floor((targetTokens - (Z0 ?? 0) - (Z1 ?? 0) - 500) * 0.6);
    expect((Z2 ?? 0) + (Z3 ?? 0)).toBeLessThanOrEqual(allowedTokens);
    expect(buildContext(anInput(aSnapshot({ directives: directives(5_500) })))).toEqual({
      kind: 'overcommitted',
      obligedTokens: expect.any(Number),
      allowedTokens,
    });
  });

  it('counts the lines of attempts in flight as obliged', () => {
    const snapshot = aSnapshot({ board: { inFlight: many(75, (number) => inFlight(number)) } });
    expect(buildContext(anInput(snapshot, { context_budget_tokens: 8_000 })).kind).toBe('overcommitted');
    expect(buildContext(anInput(snapshot)).kind).toBe('packed');
  });

  it('does no more work per task on a larger board', () => {
    const charactersRead = (tasks: number): number => {
      const codePointAt = jest.spyOn(String.prototype, 'codePointAt');
      try {
        buildContext(
          anInput(aSnapshot({ board: { ready: many(tasks, (number) => aTask(1_000 + number)) } })),
        );
        return codePointAt.mock.calls.length;
      } finally {
        codePointAt.mockRestore();
      }
    };
    const [none, some, twice] = [charactersRead(0), charactersRead(500), charactersRead(1_000)];
    expect((twice - none) / (some - none)).toBeLessThan(2.1);
  });

  it('keeps the prefix when an unrelated task joins the board', () => {
    const before = packed(anInput(crowded));
    const board = { ...crowded.board, ready: [aTask(999), ...crowded.board.ready], readyTotal: 301 };
    const after = packed(anInput({ ...crowded, board }));
    expect(after.prefixSha256).toEqual(before.prefixSha256);
    expect(after.request.system).toEqual(before.request.system);
    expect(after.request.messages[0].content[0]).toEqual(before.request.messages[0].content[0]);
    expect(after.requestSha256).not.toBe(before.requestSha256);
  });

  it('moves the prefix hashes from the section that changed, and none before it', () => {
    const before = packed(anInput(aSnapshot())).prefixSha256;
    const after = packed(anInput(aSnapshot({ directives: [{ ref: 'D1', text: 'Test.' }] }))).prefixSha256;
    expect(Object.keys(before)).toEqual(['Z0', 'Z1', 'Z2', 'Z3', 'Z4']);
    expect(Object.keys(before).filter((name) => before[name] !== after[name])).toEqual(['Z3', 'Z4']);
  });
});

describe('rebuildContext', () => {
  it('makes the same bytes again from the stored input', () => {
    const input = anInput(crowded);
    const { requestSha256 } = packed(input);
    expect(rebuildContext(JSON.stringify(input), requestSha256)).toEqual({
      equal: true,
      sha256: requestSha256,
      expected_sha256: requestSha256,
    });
  });

  it('reports what is not equal', () => {
    expect(rebuildContext(JSON.stringify(anInput(aSnapshot())), 'other')).toMatchObject({ equal: false });
    const overcommitted = anInput(aSnapshot({ directives: [{ ref: 'D1', text: 'word '.repeat(9_000) }] }));
    expect(rebuildContext(JSON.stringify(overcommitted), 'other')).toMatchObject({ equal: false });
  });
});
