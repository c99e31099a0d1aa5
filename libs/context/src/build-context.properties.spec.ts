import fc from 'fast-check';
import type { ConductorSnapshot } from '#ledger';
import {
  arbitraryBoard,
  arbitraryInbox,
  arbitraryInput,
  arbitraryNotes,
  arbitraryRequests,
  arbitraryWave,
} from '../test/arbitrary-input.js';
import { buildContext, type ContextInput, type ContextPack } from './build-context.js';
import { canonicalJson, sha256Hex } from './domain/canonical-json.js';
import { estimateTokens } from './domain/estimate.js';
import { effectiveTargetTokens } from './domain/section-table.js';

const RUNS = { numRuns: 40 };

/** Checks a law of packs on any input that is not overcommitted. */
function everyPack(law: (pack: ContextPack, input: ContextInput) => void): void {
  fc.assert(
    fc.property(arbitraryInput, (input) => {
      const outcome = buildContext(input);
      if (outcome.kind === 'packed') law(outcome, input);
    }),
    RUNS,
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const sectionOf = (pack: ContextPack, name: string) => pack.sections.find((section) => section.name === name);

/** Counts of a list in the manifest: what has a block, and what is said to be left out. */
function accountOf(pack: ContextPack, name: string): { shown: number; left: number } {
  const section = sectionOf(pack, name);
  return {
    shown: section?.blocks.filter(({ ref }) => ref !== 'heading' && ref !== 'omitted').length ?? 0,
    left: sum(section?.omitted.filter(({ ref }) => ref === null).map(({ count }) => count) ?? []),
  };
}

describe('buildContext on anything', () => {
  it('never exceeds the target that the budget lets through, or says overcommitted', () => {
    fc.assert(
      fc.property(arbitraryInput, (input) => {
        const outcome = buildContext(input);
        if (outcome.kind === 'overcommitted') {
          expect(outcome.obligedTokens).toBeGreaterThan(outcome.allowedTokens);
          return;
        }
        const { context_budget_tokens } = input.policy;
        expect(outcome.totalTokens).toBeLessThanOrEqual(
          effectiveTargetTokens(input.targetTokens, context_budget_tokens),
        );
        for (const { tokens, ceiling } of outcome.sections) expect(tokens).toBeLessThanOrEqual(ceiling);
      }),
      RUNS,
    );
  });

  it('adds up: blocks to sections, sections to the total, and no text is measured below its worth', () => {
    everyPack(({ sections, totalTokens, request }) => {
      for (const { tokens, blocks } of sections)
        expect(tokens).toBe(sum(blocks.map((block) => block.tokens)));
      expect(totalTokens).toBe(sum(sections.map(({ tokens }) => tokens)));
      const texts = [
        canonicalJson(request.tools),
        ...request.system.map(({ text }) => text),
        ...request.messages[0].content.map(({ text }) => text),
      ];
      texts.forEach((text, index) => {
        expect(sections[index]?.tokens).toBeGreaterThanOrEqual(estimateTokens(text));
      });
    });
  });

  it('makes the same bytes of the same input', () => {
    everyPack((pack, input) => {
      expect(buildContext(JSON.parse(JSON.stringify(input)))).toEqual(pack);
      expect(pack.requestSha256).toBe(sha256Hex(canonicalJson(pack.request)));
    });
  });

  it('loses nothing silently: shown and left out make up each list', () => {
    everyPack((pack, { snapshot }) => {
      const { board } = snapshot;
      const all = (name: string): number => accountOf(pack, name).shown + accountOf(pack, name).left;
      expect(all('Z4')).toBe(snapshot.finished.length);
      expect(all('Z5')).toBe(snapshot.notesTotal + snapshot.requests.length);
      expect(all('Z6')).toBe(
        board.readyTotal + board.inFlight.length + board.reviewTotal + board.blockedTotal,
      );
      expect(all('Z7')).toBe(snapshot.inbox.length + snapshot.inboxSpill);
    });
  });

  it('never leaves a ready task out for one of lower priority', () => {
    everyPack((pack, { snapshot }) => {
      const blocks = sectionOf(pack, 'Z6')?.blocks ?? [];
      const shown = new Set(blocks.filter(({ source }) => source === 'ready').map(({ ref }) => ref));
      const priorities = (isShown: boolean): number[] =>
        snapshot.board.ready.filter(({ ref }) => shown.has(ref) === isShown).map(({ priority }) => priority);
      const [said, left] = [priorities(true), priorities(false)];
      if (said.length > 0 && left.length > 0)
        expect(Math.max(...said)).toBeLessThanOrEqual(Math.min(...left));
    });
  });

  it('guarantees the first items of the inbox page and every attempt in flight', () => {
    everyPack((pack, { snapshot }) => {
      const shown = pack.shownInboxRefs;
      expect(shown).toEqual(snapshot.inbox.slice(0, shown.length).map(({ ref }) => ref));
      expect(shown.length).toBeGreaterThanOrEqual(Math.min(1, snapshot.inbox.length));
      const inbox = pack.request.messages[0].content[3]?.text ?? '';
      for (const ref of shown) expect(inbox).toContain(`\n## ${ref} `);
      const board = pack.request.messages[0].content[2]?.text ?? '';
      for (const { taskRef, attemptRef } of snapshot.board.inFlight)
        expect(board).toContain(`\n${taskRef} ${attemptRef} `);
    });
  });

  it('never moves the prefix by anything that changes from wave to wave', () => {
    const volatile = fc.record({
      wave: arbitraryWave,
      board: arbitraryBoard,
      notes: arbitraryNotes,
      requests: arbitraryRequests,
      inbox: arbitraryInbox,
    });
    fc.assert(
      fc.property(arbitraryInput, volatile, (input, { wave, ...lists }) => {
        const snapshot: ConductorSnapshot = {
          ...input.snapshot,
          ...lists,
          notesTotal: lists.notes.length,
          wave: { ...input.snapshot.wave, ...wave },
        };
        const before = buildContext(input);
        const after = buildContext({ ...input, snapshot });
        if (before.kind === 'packed' && after.kind === 'packed')
          expect(after.prefixSha256).toEqual(before.prefixSha256);
      }),
      RUNS,
    );
  });

  it('lets no outside text produce a line of structure', () => {
    everyPack((pack, { snapshot }) => {
      const { board } = snapshot;
      const lines = pack.request.messages[0].content.flatMap(({ text }) => linesOutsideFrames(text));
      for (const line of lines) expect(withoutTitles(line)).toMatch(STRUCTURE);
      const count = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;
      expect(count(/^# Z/)).toBe(5);
      expect(count(/^## I\d/)).toBe(pack.shownInboxRefs.length);
      expect(count(/^## [RWB]|^## In flight/)).toBe(4);
      expect(count(/^T\d+ A\d+ leased /)).toBe(board.inFlight.length);
      expect(count(/^N\d+ |^Q\d+ open /)).toBe(accountOf(pack, 'Z5').shown);
      expect(count(/^Q\d+ open /)).toBe(snapshot.requests.length);
      expect(count(/^[TG]\d+[: ]/)).toBe(accountOf(pack, 'Z4').shown + accountOf(pack, 'Z6').shown);
    });
  });
});

/** What is left of a section when every frame, closed by its own key only, is taken out with what it frames. */
function linesOutsideFrames(text: string): string[] {
  const outside: string[] = [];
  let openKey: string | null = null;
  for (const line of text.split('\n')) {
    const [, key = null] = /^<<(?:untrusted|person|note) ([0-9a-f]{8})>>$/.exec(line) ?? [];
    if (openKey !== null) openKey = line === `<<end ${openKey}>>` ? null : openKey;
    else if (key === null) outside.push(line);
    else openKey = key;
  }
  expect(openKey).toBeNull();
  return outside;
}

/** A fenced title, which holds no bracket and ends with the key it began with, becomes `⟦⟧`. */
function withoutTitles(line: string): string {
  return line.replace(/⟦([0-9a-f]{8}) [^⟦⟧\n]* \1⟧/gu, '⟦⟧');
}

/** Every line that the builder itself writes into Z4 to Z8. */
const STRUCTURE = new RegExp(
  [
    '^$',
    '^# Z[4-8] (Finished work|Registers|Board|Inbox page|This wave)$',
    '^(Oldest first:|Counts:|Items|Wave|Context budget:|May create:|Directives in force:|Last hand-off|Now, in|Verification:|None\\.)',
    '^## (Ready to dispatch|In flight|Waiting for review|Blocked) \\(\\d+\\)$',
    '^T\\d+ (completed|failed|canceled) after \\d+ attempts?(, generation \\d+)? ⟦⟧$',
    '^G\\d+: \\d+ (completed|failed|canceled)( T\\d+|, \\d+ (failed|canceled))* ⟦⟧$',
    '^T\\d+ v\\d+ p\\d worker=\\S+( failures=\\d| needs [T0-9,+]+)?( reason=(dependency_failed|dispatch_rejected))? ⟦⟧$',
    '^T\\d+ A\\d+ ((leased|offered) builtin|v5) ⟦⟧$',
    '^N\\d+ (decision|failure|question|fact|directive)( \\(wave \\d+\\))?: ',
    '^  ',
    '^## I\\d+ (message|attempt_|submission|dependency_failed|decision_rejected|answer Q|input_expired Q)',
    '^Asked: ',
    '^Q\\d+ open (text|approval|dispatch approval|completion approval)',
    '^\\((\\+\\d+ more|shortened|\\d+ of \\d+ bytes of output): (ledger_(get|search)|digest_expand) \\{.*\\}\\)$',
    '^\\(artifact: artifact_read \\{.*\\}\\)$',
  ].join('|'),
  'u',
);
