import { Pauses } from './pauses.js';

describe('Pauses', () => {
  it('count down, each for its own model', () => {
    const pauses = new Pauses();
    pauses.begin('one', 1_500);
    expect([pauses.leftMs('one', 1_000), pauses.leftMs('one', 2_000), pauses.leftMs('other', 1_000)]).toEqual(
      [500, 0, 0],
    );
  });

  it('are never shortened by a later one', () => {
    const pauses = new Pauses();
    pauses.begin('one', 5_000);
    pauses.begin('one', 2_000);
    expect(pauses.leftMs('one', 0)).toBe(5_000);
  });

  it('are forgotten, the first first, when a thousand others have begun', () => {
    const pauses = new Pauses();
    for (let model = 0; model <= 1_000; model += 1) pauses.begin(String(model), 5_000);
    expect([pauses.leftMs('0', 0), pauses.leftMs('1', 0)]).toEqual([0, 5_000]);
  });
});
