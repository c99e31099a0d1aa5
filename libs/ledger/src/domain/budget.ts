/** Money in whole nano-dollars (10⁻⁹ USD), as exact as the ledger's columns. */
export type NanoUsd = bigint;

const DIGITS = 9;
const NANO_PER_USD = 1_000_000_000n;

/** From a decimal string in USD with at most nine digits after the point. */
export function toNanoUsd(usd: string): NanoUsd {
  const [whole = '0', fraction = ''] = usd.split('.');
  return BigInt(whole) * NANO_PER_USD + BigInt(fraction.padEnd(DIGITS, '0').slice(0, DIGITS));
}

/** To a decimal string in USD, without zeros that say nothing. */
export function toUsd(nano: NanoUsd): string {
  const fraction = (nano % NANO_PER_USD).toString().padStart(DIGITS, '0').replace(/0+$/, '');
  return fraction === '' ? `${nano / NANO_PER_USD}` : `${nano / NANO_PER_USD}.${fraction}`;
}

/** Shares of a limit that are announced when what is spent gets there, in percent. */
export const THRESHOLDS = [50, 80, 100] as const;
export type Threshold = (typeof THRESHOLDS)[number];

/** What counts towards one limit. */
export interface Meter {
  /** Null: no limit. */
  readonly limit: NanoUsd | null;
  readonly spent: NanoUsd;
  readonly reserved: NanoUsd;
  /** The highest threshold that has been announced; 0 before any. */
  readonly announced: number;
}

/** Of the whole life, or of one day (UTC). */
export type LimitKind = 'total' | 'daily';

/** The books of a mission or a tenant. */
export interface Account {
  readonly total: Meter;
  readonly daily: Meter;
  /** The day (YYYY-MM-DD, UTC) that `daily` counts; null before any. A request counts on the day it is sent. */
  readonly day: string | null;
  /** The limit that last kept a request back; it keeps back no more when limits change, or when its day is over. */
  readonly reached: LimitKind | null;
}

/** A threshold that has just been passed. */
export interface Crossing {
  readonly kind: LimitKind;
  readonly threshold: Threshold;
  readonly limit: NanoUsd;
  readonly spent: NanoUsd;
}

/** The account as it stands on `day`: a new day begins with nothing spent. A day that is over does not come back. */
export function onDay(account: Account, day: string): Account {
  if (account.day !== null && account.day >= day) return account;
  return {
    ...account,
    day,
    daily: { limit: account.daily.limit, spent: 0n, reserved: 0n, announced: 0 },
    reached: account.reached === 'daily' ? null : account.reached,
  };
}

/** What a reservation came to: made; not now, since others' may yet free room; or never under this limit. */
export type Reservation =
  | { readonly kind: 'ok'; readonly account: Account }
  | { readonly kind: 'wait' }
  | { readonly kind: 'reached'; readonly limit: LimitKind };

/** Reserves `amount`, so that spent and reserved together never exceed a limit. `account` stands on the day of the request. */
export function reserve(account: Account, amount: NanoUsd): Reservation {
  const fits = { total: fit(account.total, amount), daily: fit(account.daily, amount) };
  for (const limit of ['total', 'daily'] as const)
    if (fits[limit] === 'reached') return { kind: 'reached', limit };
  if (fits.total === 'wait' || fits.daily === 'wait') return { kind: 'wait' };
  const add = (meter: Meter): Meter => ({ ...meter, reserved: meter.reserved + amount });
  return { kind: 'ok', account: { ...account, total: add(account.total), daily: add(account.daily) } };
}

function fit({ limit, spent, reserved }: Meter, amount: NanoUsd): Reservation['kind'] {
  if (limit === null || spent + reserved + amount <= limit) return 'ok';
  return spent + amount <= limit ? 'wait' : 'reached';
}

/** What a request that is a luxury may come to, in percent of a limit: the rest is for the work. */
const LUXURY_PERCENT_MAX = 80n;

/** Whether the work has enough left after a luxury of `amount`, under each limit. */
export function leavesEnough({ total, daily }: Account, amount: NanoUsd): boolean {
  return [total, daily].every(
    ({ limit, spent, reserved }) =>
      limit === null || (spent + reserved + amount) * 100n <= limit * LUXURY_PERCENT_MAX,
  );
}

/** Turns a reservation of `day` into what was spent. A day that is over is not counted any more. */
export function settle(
  account: Account,
  call: { readonly reserved: NanoUsd; readonly spent: NanoUsd; readonly day: string },
): Account {
  const move = (meter: Meter): Meter => ({
    ...meter,
    reserved: meter.reserved - call.reserved,
    spent: meter.spent + call.spent,
  });
  const daily = call.day === account.day ? move(account.daily) : account.daily;
  return { ...account, total: move(account.total), daily };
}

/** Marks a limit as reached, which is as full as it will get: its last threshold counts as passed. */
export function markReached(account: Account, limit: LimitKind): { account: Account; crossings: Crossing[] } {
  return announce({ ...account, reached: limit }, limit);
}

/** The thresholds that what is spent has passed since the last announcement, each once. */
export function announce(
  account: Account,
  full: LimitKind | null = null,
): { account: Account; crossings: Crossing[] } {
  const crossings: Crossing[] = [];
  const passed = (kind: LimitKind): Meter => {
    const meter = account[kind];
    const { limit, spent, announced } = meter;
    if (limit === null) return meter;
    const level = levelOf(meter);
    const isPassed = (threshold: Threshold): boolean =>
      threshold <= level || (kind === full && threshold === 100);
    const news = THRESHOLDS.filter((threshold) => threshold > announced && isPassed(threshold));
    crossings.push(...news.map((threshold) => ({ kind, threshold, limit, spent })));
    return { ...meter, announced: Math.max(announced, ...news) };
  };
  return { account: { ...account, total: passed('total'), daily: passed('daily') }, crossings };
}

/** The highest threshold that what is spent has passed; 0 below the first. */
function levelOf({ limit, spent }: Meter): number {
  if (limit === null) return 0;
  return Math.max(0, ...THRESHOLDS.filter((threshold) => spent * 100n >= limit * BigInt(threshold)));
}

/**
 * Sets limits; what is left out keeps its own. A raised limit is announced anew where spending has not got to, and
 * nothing counts as reached any more unless it leaves no room at all. A limit may be set below what is spent.
 */
export function setLimits(
  account: Account,
  limits: { total?: NanoUsd | null; daily?: NanoUsd | null },
): Account {
  const reset = (meter: Meter, limit: NanoUsd | null | undefined): Meter => {
    const changed = { ...meter, limit: limit === undefined ? meter.limit : limit };
    return { ...changed, announced: Math.min(meter.announced, levelOf(changed)) };
  };
  const total = reset(account.total, limits.total);
  const daily = reset(account.daily, limits.daily);
  const changed = { ...account, total, daily };
  return { ...changed, reached: account.reached === null ? null : fullLimit(changed) };
}

/** The limit that leaves no room at all; null when neither does. */
export function fullLimit(account: Pick<Account, LimitKind>): LimitKind | null {
  const kinds: LimitKind[] = ['total', 'daily'];
  return kinds.find((kind) => isFull(account[kind])) ?? null;
}

function isFull({ limit, spent, reserved }: Meter): boolean {
  return limit !== null && spent + reserved >= limit;
}
