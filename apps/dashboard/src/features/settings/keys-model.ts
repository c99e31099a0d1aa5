import type { ApiKey } from '../../api/generated/types.gen.js';
import { relativeTime } from '../../ui/format.js';
import type { Tone } from '../../ui/state-tone.js';

export const SCOPES = [
  'missions:read',
  'missions:write',
  'messages:write',
  'tasks:read',
  'tasks:write',
  'workers:claim',
  'webhooks:manage',
  'admin',
] as const satisfies ApiKey['scopes'];

/** Whether a key is good, and for how long. */
export function keyStanding(
  { revoked_at: revoked, expires_at: expires }: ApiKey,
  now: number,
): { readonly text: string; readonly tone: Tone; readonly isGood: boolean } {
  if (revoked !== null) return { text: 'revoked', tone: 'idle', isGood: false };
  if (expires === null) return { text: 'good', tone: 'good', isGood: true };
  return Date.parse(expires) <= now
    ? { text: 'expired', tone: 'idle', isGood: false }
    : { text: `ends ${relativeTime(expires, now)}`, tone: 'warn', isGood: true };
}
