import { fittingPage, type InboxPage, inboxPlan } from './sections/inbox-page.js';
import { fullTokens, minimumTokens, packSection, type PackedSection } from './domain/pack-section.js';
import type { SectionPlan } from './domain/section-plan.js';
import { scaledRow } from './domain/section-table.js';
import { type Grant, type RoomNeed, shareFloors, shareRoom } from './domain/share-room.js';

export interface VolatilePlans {
  readonly registers: SectionPlan;
  readonly board: SectionPlan;
  readonly page: InboxPage;
}

/**
 * Sections Z5, Z6 and Z7 in the room that the others leave. A card for each item of the inbox page comes before
 * anything beyond the floors of registers and board; an item that finds no room waits, unseen, for another wave.
 */
export function packVolatile(
  { registers, board, page }: VolatilePlans,
  { roomTokens, targetTokens }: { roomTokens: number; targetTokens: number },
): PackedSection[] {
  const needsWith = (fitting: InboxPage): PlanNeed[] =>
    [registers, board, inboxPlan(fitting)].map((plan) => needOf(plan, targetTokens));
  const besidesInbox = shareFloors(roomTokens, needsWith(fittingPage(page, 0)))
    .filter(({ need }) => need.plan.name !== 'Z7')
    .reduce((sum, { tokens }) => sum + tokens, 0);
  return packInOrder(shareRoom(roomTokens, needsWith(fittingPage(page, roomTokens - besidesInbox))));
}

interface PlanNeed extends RoomNeed {
  readonly plan: SectionPlan;
}

function needOf(plan: SectionPlan, targetTokens: number): PlanNeed {
  const { floor, weight } = scaledRow(plan.name, targetTokens);
  return { plan, minimum: minimumTokens(plan), floor, full: fullTokens(plan), weight };
}

/** What a section leaves of its share flows to the next one. */
function packInOrder(grants: readonly Grant<PlanNeed>[]): PackedSection[] {
  let unusedTokens = 0;
  return grants.map(({ need, tokens }) => {
    const packed = packSection(need.plan, tokens + unusedTokens);
    unusedTokens += tokens - packed.section.tokens;
    return packed;
  });
}
