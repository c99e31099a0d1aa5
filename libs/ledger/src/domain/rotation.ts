import type { Actor, RotationInput } from '#contracts';

/** A rotation that somebody asked for, and what it promised: kept with the mission until its wave has ended. */
export interface RequestedRotation {
  readonly reason: string;
  readonly mode: RotationInput['mode'];
  readonly keepNote: boolean;
  readonly actor: Actor;
  readonly beforeTokens: number;
  readonly expectedTokens: number;
}

/** Rotations that may wait for one wave; the table's check says the same. */
export const ROTATIONS_PENDING_MAX = 10;
