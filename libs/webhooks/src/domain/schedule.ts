/** Retries of many deliveries that failed together are spread by up to this share of their delay, to both sides. */
const JITTER_SHARE = 0.2;
/** A receiver may ask for more patience than the schedule has, but not for ever. */
export const RETRY_AFTER_MS_MAX = 24 * 60 * 60 * 1_000;

const GONE = 410;

/** How a try ended. */
export interface TryOutcome {
  /** The HTTP status; null when no answer arrived. */
  readonly status: number | null;
  /** The `Retry-After` header, as it was sent. */
  readonly retryAfter: string | null;
}

export interface TryEnded {
  /** Seconds before each try; its length is the number of tries. */
  readonly scheduleSeconds: readonly number[];
  /** The number of the try that ended in the schedule, from 1. */
  readonly tryNumber: number;
  readonly outcome: TryOutcome;
  readonly now: Date;
  /** From 0 to 1. */
  readonly random: number;
}

/** Why a delivery is given up: its schedule is over, its receiver said that it is gone, its endpoint was disabled. */
export type DeadReason = 'exhausted' | 'gone' | 'endpoint_disabled';

export type AfterTry =
  | { readonly state: 'delivered' }
  | { readonly state: 'pending'; readonly nextTryAt: Date }
  | { readonly state: 'dead'; readonly reason: DeadReason };

export function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status <= 299;
}

/** What becomes of a delivery after a try. Only 2xx is success: a redirect is never followed and counts as a failure. */
export function decideAfterTry({ scheduleSeconds, tryNumber, outcome, now, random }: TryEnded): AfterTry {
  const { status, retryAfter } = outcome;
  if (isSuccess(status)) return { state: 'delivered' };
  if (status === GONE) return { state: 'dead', reason: 'gone' };

  const delaySeconds = scheduleSeconds[tryNumber];
  if (delaySeconds === undefined) return { state: 'dead', reason: 'exhausted' };
  const scheduledMs = withJitter(delaySeconds * 1_000, random);
  const delayMs = Math.max(scheduledMs, retryAfterMs(retryAfter, now));
  return { state: 'pending', nextTryAt: new Date(now.getTime() + delayMs) };
}

/**
 * What becomes of it after a try beside its schedule: a failure changes nothing, so that asking for one never costs a
 * try. A test has no schedule: this was its only try.
 */
export function decideAfterExtraTry(
  delivery: { readonly state: 'pending' | 'delivered' | 'dead'; readonly isTest: boolean },
  status: number | null,
): AfterTry | { readonly state: 'unchanged' } {
  if (isSuccess(status)) return { state: 'delivered' };
  return delivery.isTest && delivery.state === 'pending'
    ? { state: 'dead', reason: 'exhausted' }
    : { state: 'unchanged' };
}

function withJitter(delayMs: number, random: number): number {
  return Math.round(delayMs * (1 + JITTER_SHARE * (2 * random - 1)));
}

const SECONDS = /^\d{1,10}$/;
/** The one date form that HTTP senders may write; `Date.parse` alone would also make dates of much that is none. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Milliseconds that the header asks for, from 0 to RETRY_AFTER_MS_MAX; 0 when it is absent, past or unreadable. */
function retryAfterMs(header: string | null, now: Date): number {
  const text = header?.trim() ?? '';
  const askedMs = SECONDS.test(text)
    ? Number(text) * 1_000
    : HTTP_DATE.test(text)
      ? Date.parse(text) - now.getTime()
      : 0;
  return Number.isNaN(askedMs) ? 0 : Math.min(Math.max(askedMs, 0), RETRY_AFTER_MS_MAX);
}
