import type { AttemptState } from '#contracts';

/** Why a worker's word does not count. */
export interface AttemptRefusal {
  readonly accepted: false;
  readonly code: 'lease_lost' | 'attempt_canceled';
  readonly message: string;
}

export const ATTEMPT_CANCELED: AttemptRefusal = {
  accepted: false,
  code: 'attempt_canceled',
  message: 'The task was canceled; stop working on it.',
};
export const LEASE_LOST: AttemptRefusal = {
  accepted: false,
  code: 'lease_lost',
  message: 'The lease has run out or is not yours; claim again. A result that came late was kept.',
};

/** Null for the holder of a lease that holds at `now`. Who asks about a canceled attempt is told so. */
export function leaseRefusal(
  attempt: {
    readonly state: AttemptState;
    readonly leaseToken: string | null;
    readonly leaseUntil: Date | null;
  },
  leaseToken: string,
  now: Date,
): AttemptRefusal | null {
  if (attempt.state === 'canceled') return ATTEMPT_CANCELED;
  if (attempt.leaseToken !== leaseToken) return LEASE_LOST;
  const holds = attempt.state === 'leased' && attempt.leaseUntil !== null && attempt.leaseUntil > now;
  return holds ? null : LEASE_LOST;
}
