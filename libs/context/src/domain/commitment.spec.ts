import { finishedRoomTokens, obligedTokensMax } from './commitment.js';

describe('obligedTokensMax', () => {
  it('is 60 % of the room', () => {
    expect(obligedTokensMax(12_000)).toBe(7_200);
  });

  it('leaves the rest what it needs where the room is small', () => {
    expect(obligedTokensMax(1_000)).toBe(300);
    expect(obligedTokensMax(-50)).toBe(0);
  });
});

describe('finishedRoomTokens', () => {
  it('is the ceiling where obligations at their most leave room enough', () => {
    expect(finishedRoomTokens(12_000, 3_100)).toBe(3_100);
  });

  it('shrinks with the room, to nothing', () => {
    expect(finishedRoomTokens(2_000, 640)).toBe(200);
    expect(finishedRoomTokens(1_000, 640)).toBe(0);
  });

  it('leaves the volatile sections their minimum beside every allowed obligation', () => {
    for (let room = 700; room < 70_000; room += 97)
      expect(
        room - obligedTokensMax(room) - Math.max(100, finishedRoomTokens(room, room)),
      ).toBeGreaterThanOrEqual(599);
  });
});
