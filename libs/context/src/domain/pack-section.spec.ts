import fc from 'fast-check';
import { estimateTokens } from './estimate.js';
import { fullTokens, minimumTokens, packSection } from './pack-section.js';
import { type Item, rung, type SectionPlan } from './section-plan.js';

function anItem(ref: string, texts: readonly string[], parts: Partial<Item> = {}): Item {
  return {
    ref,
    source: 'test',
    ladder: [...texts.slice(0, -1).map((text) => rung('line', text)), rung('full', texts.at(-1) ?? '')],
    guaranteed: false,
    worth: 10,
    fetch: `get ${ref}`,
    ...parts,
  };
}

function aPlan(items: readonly Item[], unlisted = 0): SectionPlan {
  const fetch = (refs: readonly string[]): string => `fetch ${refs.join(' ')}`;
  return {
    name: 'Z6',
    lists: [{ source: 'test', heading: '# Z6 Board\n', items, rest: { unlisted, fetch } }],
    omitted: [],
  };
}

const wordy = 'many words '.repeat(20);

describe('packSection', () => {
  it('says everything in full where there is room', () => {
    const { text, section } = packSection(
      aPlan([anItem('T1', ['one\n', 'one, in full\n']), anItem('T2', ['two\n'])]),
      1_000,
    );
    expect(text).toBe('# Z6 Board\none, in full\ntwo\n');
    expect(section.omitted).toEqual([]);
    expect(section.blocks.map(({ ref, rung }) => `${ref} ${rung}`)).toEqual([
      'heading fixed',
      'T1 full',
      'T2 full',
    ]);
  });

  it('climbs by worth for its tokens', () => {
    const plan = aPlan([
      anItem('T1', ['one\n', `${wordy}\n`]),
      anItem('T2', ['two\n', `${wordy}\n`], { worth: 50 }),
    ]);
    const { section } = packSection(plan, minimumTokens(plan) + 90);
    expect(section.blocks.map(({ ref, rung }) => `${ref} ${rung}`)).toEqual([
      'heading fixed',
      'T1 line',
      'T2 full',
    ]);
    expect(section.omitted).toEqual([{ ref: 'T1', count: 1, reason: 'shortened', fetch: 'get T1' }]);
  });

  it('counts what it leaves out and names the call that fetches it', () => {
    const plan = aPlan([anItem('T1', [`${wordy}\n`]), anItem('T2', ['two\n'])], 7);
    const { text, section, shown } = packSection(plan, minimumTokens(plan) + 3);
    expect(text).toBe('# Z6 Board\ntwo\n(+8 more: fetch T1)\n');
    expect(section.omitted).toEqual([{ ref: null, count: 8, reason: 'no_room', fetch: 'fetch T1' }]);
    expect(shown).toEqual(['T2']);
  });

  it('keeps guaranteed items without any room, and reports the room that they took', () => {
    const plan = aPlan([anItem('T1', ['one\n', 'one, in full\n'], { guaranteed: true })]);
    const { text, section } = packSection(plan, 0);
    expect(text).toBe('# Z6 Board\none\n');
    expect(section.ceiling).toBe(section.tokens);
  });

  it('says nothing of a ranked list before what stands above it', () => {
    const [list] = aPlan([anItem('T1', [wordy]), anItem('T2', ['two\n'], { worth: 1_000 })]).lists;
    const plan: SectionPlan = { name: 'Z6', lists: list ? [{ ...list, ranked: true }] : [], omitted: [] };
    expect(packSection(plan, minimumTokens(plan) + 10).shown).toEqual([]);
    expect(packSection(plan, fullTokens(plan)).shown).toEqual(['T1', 'T2']);
  });

  it('does not skip a rung that does not fit', () => {
    const item = anItem('T1', ['one\n', `${wordy}\n`, 'short\n']);
    const plan = aPlan([item]);
    expect(packSection(plan, minimumTokens(plan) + 4).text).toBe('# Z6 Board\none\n');
  });

  it('never exceeds its room, and blocks, texts, included and omitted all add up', () => {
    const item = fc.record({
      texts: fc.array(
        fc.lorem({ maxCount: 30 }).map((text) => `${text}\n`),
        { minLength: 1, maxLength: 3 },
      ),
      guaranteed: fc.boolean(),
      worth: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 40 }), fc.nat(30), fc.nat(2_000), (parts, unlisted, room) => {
        const plan = aPlan(
          parts.map(({ texts, ...rest }, index) => anItem(`T${index + 1}`, texts, rest)),
          unlisted,
        );
        const { section, text, shown } = packSection(plan, room);
        const counted = section.omitted
          .filter(({ ref }) => ref === null)
          .reduce((sum, { count }) => sum + count, 0);
        expect(section.tokens).toBeLessThanOrEqual(Math.max(room, minimumTokens(plan)));
        expect(section.tokens).toBeLessThanOrEqual(fullTokens(plan));
        expect(section.tokens).toBe(section.blocks.reduce((sum, { tokens }) => sum + tokens, 0));
        expect(section.tokens).toBeGreaterThanOrEqual(estimateTokens(text));
        expect(shown.length + counted).toBe(parts.length + unlisted);
        expect(packSection(plan, room)).toEqual({ section, text, shown });
      }),
    );
  });
});
