import { SECTION_NAMES } from '#contracts';
import { effectiveTargetTokens, REFERENCE_TARGET_TOKENS, scaledRow } from './section-table.js';

const ceilings = (targetTokens: number): number[] =>
  SECTION_NAMES.map((name) => scaledRow(name, targetTokens).ceiling);
const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('effectiveTargetTokens', () => {
  it('is the target where the budget lets it through', () => {
    expect(effectiveTargetTokens(16_000, 24_000)).toBe(16_000);
    expect(effectiveTargetTokens(6_400, 8_000)).toBe(6_400);
  });

  it('is never above what can be sent', () => {
    expect(effectiveTargetTokens(50_000, 24_000)).toBe(24_000 - 1_024 - 64);
  });
});

describe('scaledRow', () => {
  it('is the table as written at the reference target, and the ceilings add up to it', () => {
    expect(ceilings(REFERENCE_TARGET_TOKENS)).toEqual([
      2_200, 1_200, 1_300, 1_500, 3_100, 2_400, 2_000, 1_800, 500,
    ]);
    expect(sum(ceilings(REFERENCE_TARGET_TOKENS))).toBe(REFERENCE_TARGET_TOKENS);
  });

  it.each([6_400, 12_345, 66_666])('scales all but Z0, Z1 and Z8 to a target of %d', (targetTokens) => {
    const scaled = ceilings(targetTokens);
    expect([scaled[0], scaled[1], scaled[8]]).toEqual([2_200, 1_200, 500]);
    expect(sum(scaled)).toBeLessThanOrEqual(targetTokens);
    expect(sum(scaled)).toBeGreaterThan(targetTokens - 7);
  });

  it('leaves nothing to scale where the fixed sections take all', () => {
    expect(scaledRow('Z4', 1_000)).toMatchObject({ ceiling: 0, floor: 0 });
  });
});
