import { makeWorld, truthAfter, type Fact } from './world.js';

const world = makeWorld(7, 130);
const codesOf = (facts: readonly Fact[]): string[] => facts.map(({ code }) => code);

describe('makeWorld', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(makeWorld(7, 20)).toEqual({ ...world, rotations: world.rotations.slice(0, 20) });
    expect(makeWorld(8, 20).rotations).not.toEqual(world.rotations.slice(0, 20));
  });

  it('says every code once, and names every subject in what it says', () => {
    const { inForce, replaced } = truthAfter(world, 130);
    const facts = [...inForce, ...replaced];
    expect(new Set(codesOf(facts)).size).toBe(facts.length);
    for (const { text, code, subject } of facts) {
      expect(text).toContain(code);
      expect(text).toContain(subject);
    }
  });
});

describe('truthAfter', () => {
  it('lets nothing hold that something has taken the place of', () => {
    const { inForce, replaced } = truthAfter(world, 130);
    expect(replaced.length).toBeGreaterThan(15);
    expect(codesOf(inForce).filter((code) => codesOf(replaced).includes(code))).toEqual([]);
  });

  it('knows a result only after it was handed in', () => {
    const first = world.rotations[0]?.find((event) => event.kind === 'task');
    expect(first?.dueAt).toBe(1);
    expect(codesOf(truthAfter(world, 1).inForce)).not.toContain(first?.fact.code);
    expect(codesOf(truthAfter(world, 2).inForce)).toContain(first?.fact.code);
  });
});
