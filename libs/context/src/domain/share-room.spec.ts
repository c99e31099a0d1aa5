import fc from 'fast-check';
import { type RoomNeed, shareFloors, shareRoom } from './share-room.js';

const tokens = (room: number, ...needs: RoomNeed[]): number[] =>
  shareRoom(room, needs).map((grant) => grant.tokens);

describe('shareRoom', () => {
  it('gives minima whatever the room', () => {
    const need = { minimum: 10, floor: 5, full: 50, weight: 1 };
    expect(tokens(0, need, need)).toEqual([10, 10]);
  });

  it('meets floors before it shares by weight', () => {
    const small = { minimum: 0, floor: 100, full: 1_000, weight: 1 };
    const large = { minimum: 0, floor: 100, full: 1_000, weight: 3 };
    expect(tokens(200, small, large)).toEqual([100, 100]);
    expect(tokens(600, small, large)).toEqual([200, 400]);
  });

  it('passes what one cannot use to those after it, never back', () => {
    const little = { minimum: 0, floor: 0, full: 10, weight: 1 };
    const much = { minimum: 0, floor: 0, full: 1_000, weight: 1 };
    expect(tokens(100, little, much)).toEqual([10, 90]);
    expect(tokens(100, much, little)).toEqual([50, 10]);
  });

  it('never grants more than the room or the minima, nor less than a minimum, nor beyond full', () => {
    const need = fc
      .record({ minimum: fc.nat(500), floor: fc.nat(500), more: fc.nat(5_000), weight: fc.nat(5) })
      .map(({ more, ...rest }) => ({ ...rest, full: rest.minimum + more }));
    fc.assert(
      fc.property(fc.nat(5_000), fc.array(need, { maxLength: 4 }), (room, needs) => {
        const minima = needs.reduce((sum, { minimum }) => sum + minimum, 0);
        for (const grants of [shareFloors(room, needs), shareRoom(room, needs)]) {
          expect(grants.reduce((sum, grant) => sum + grant.tokens, 0)).toBeLessThanOrEqual(
            Math.max(room, minima),
          );
          for (const grant of grants) {
            expect(grant.tokens).toBeGreaterThanOrEqual(grant.need.minimum);
            expect(grant.tokens).toBeLessThanOrEqual(grant.need.full);
          }
        }
      }),
    );
  });
});
