import type { MissionInput } from '../../api/generated/types.gen.js';
import { moneyTyped } from '../../ui/money.js';

/** What stands in the fields of a new mission. */
export interface TypedMission {
  readonly title: string;
  readonly objective: string;
  /** One per line. */
  readonly directives: string;
  readonly limit: string;
}

export const NOTHING_TYPED: TypedMission = { title: '', objective: '', directives: '', limit: '' };

export function missionTyped({ title, objective, directives, limit }: TypedMission): MissionInput {
  return {
    title: title.trim(),
    objective: objective.trim(),
    directives: directives
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
    budget: { limit_usd: moneyTyped(limit) },
  };
}
