import type { SectionName } from '#contracts';

export interface SectionRow {
  readonly title: string;
  /** Tokens at the reference target. */
  readonly ceiling: number;
  /** What it may say beyond what is guaranteed, before any other section gets more than its own floor. */
  readonly floor: number;
  /** Its share of the room that is left when all floors are met. */
  readonly weight: number;
}

/** The target for which the ceilings below are written; they add up to it. */
export const REFERENCE_TARGET_TOKENS = 16_000;

/** From what changes least to what changes most, so that the provider's cache finds a stable prefix. */
export const SECTION_TABLE: Readonly<Record<SectionName, SectionRow>> = {
  Z0: { title: 'Tools', ceiling: 2_200, floor: 0, weight: 0 },
  Z1: { title: 'Role and protocol', ceiling: 1_200, floor: 0, weight: 0 },
  Z2: { title: 'Mission charter', ceiling: 1_300, floor: 0, weight: 0 },
  Z3: { title: 'Directives', ceiling: 1_500, floor: 0, weight: 0 },
  Z4: { title: 'Finished work', ceiling: 3_100, floor: 800, weight: 0 },
  Z5: { title: 'Registers', ceiling: 2_400, floor: 1_000, weight: 3 },
  Z6: { title: 'Board', ceiling: 2_000, floor: 800, weight: 3 },
  Z7: { title: 'Inbox page', ceiling: 1_800, floor: 600, weight: 4 },
  Z8: { title: 'This wave', ceiling: 500, floor: 0, weight: 0 },
};

/** Their size depends on the release or has a bound of its own, whatever the target. */
const FIXED_SECTIONS: readonly SectionName[] = ['Z0', 'Z1', 'Z8'];

/** Kept free of every request for what the provider adds and we cannot see. */
export const REQUEST_RESERVE_TOKENS = 1_024;
/** Kept free beside the reserve: a provider's count may differ that much from what it bills. */
export const COUNT_MARGIN_TOKENS = 64;

/** The target, but never above what could be sent under the context budget. */
export function effectiveTargetTokens(targetTokens: number, contextBudgetTokens: number): number {
  return Math.min(targetTokens, contextBudgetTokens - REQUEST_RESERVE_TOKENS - COUNT_MARGIN_TOKENS);
}

/** The table for another target: fixed sections stay, the others scale with what is left. */
export function scaledRow(name: SectionName, targetTokens: number): SectionRow {
  const row = SECTION_TABLE[name];
  if (FIXED_SECTIONS.includes(name)) return row;
  const fixedTokens = FIXED_SECTIONS.reduce((sum, fixed) => sum + SECTION_TABLE[fixed].ceiling, 0);
  const scale = Math.max(0, targetTokens - fixedTokens) / (REFERENCE_TARGET_TOKENS - fixedTokens);
  return { ...row, ceiling: Math.floor(row.ceiling * scale), floor: Math.floor(row.floor * scale) };
}
