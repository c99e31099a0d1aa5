import fc from 'fast-check';
import {
  announce,
  markReached,
  onDay,
  reserve,
  setLimits,
  settle,
  toNanoUsd,
  toUsd,
  type Account,
  type Meter,
} from './budget.js';

const meter = (limit: bigint | null): Meter => ({ limit, spent: 0n, reserved: 0n, announced: 0 });
const anAccount = (total: bigint | null, daily: bigint | null = null): Account => ({
  total: meter(total),
  daily: meter(daily),
  day: '2026-11-25',
  reached: null,
});
const spending = (account: Account, spent: bigint): Account =>
  settle(reserved(account, spent), { reserved: spent, spent, day: account.day ?? '' });
function reserved(account: Account, amount: bigint): Account {
  const reservation = reserve(account, amount);
  if (reservation.kind !== 'ok') throw new Error(reservation.kind);
  return reservation.account;
}
const passed = (account: Account) =>
  announce(account).crossings.map(({ kind, threshold }) => [kind, threshold]);

describe('money', () => {
  it('goes to nano-dollars and back without a loss', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 18n), (nano) => {
        expect(toNanoUsd(toUsd(nano))).toBe(nano);
      }),
    );
  });

  it.each([
    ['0', 0n, '0'],
    ['12.50', 12_500_000_000n, '12.5'],
    ['0.000000001', 1n, '0.000000001'],
  ])('reads %s', (usd, nano, shortest) => {
    expect(toNanoUsd(usd)).toBe(nano);
    expect(toUsd(nano)).toBe(shortest);
  });
});

describe('reserve', () => {
  it('makes room wait for others, and says that a limit is reached only when nobody could free enough', () => {
    const account = reserved(spending(anAccount(100n), 20n), 50n);
    expect(reserve(account, 30n).kind).toBe('ok');
    expect(reserve(account, 31n)).toEqual({ kind: 'wait' });
    expect(reserve(account, 80n)).toEqual({ kind: 'wait' });
    expect(reserve(account, 81n)).toEqual({ kind: 'reached', limit: 'total' });
  });

  it('heeds the limit of the day as well', () => {
    const account = spending(anAccount(1_000n, 100n), 60n);
    expect(reserve(account, 40n).kind).toBe('ok');
    expect(reserve(account, 41n)).toEqual({ kind: 'reached', limit: 'daily' });
  });

  it('never lets spent and reserved exceed a limit, in whatever order requests come and end', () => {
    const step = fc.record({ amount: fc.bigInt(0n, 60n), share: fc.bigInt(0n, 4n), settles: fc.boolean() });
    fc.assert(
      fc.property(fc.bigInt(0n, 200n), fc.bigInt(0n, 200n), fc.array(step), (total, daily, steps) => {
        let account = anAccount(total, daily);
        const open: bigint[] = [];
        for (const { amount, share, settles } of steps) {
          const ending = settles ? open.shift() : undefined;
          if (ending !== undefined)
            account = settle(account, { reserved: ending, spent: (ending * share) / 4n, day: '2026-11-25' });
          const reservation = reserve(account, amount);
          if (reservation.kind === 'ok') {
            ({ account } = reservation);
            open.push(amount);
          }
          for (const { limit, spent, reserved: held } of [account.total, account.daily])
            expect(spent + held <= (limit ?? 0n)).toBe(true);
          expect(account.total.reserved).toBe(open.reduce((sum, held) => sum + held, 0n));
        }
      }),
    );
  });
});

describe('a day', () => {
  it('begins with nothing spent, and its own thresholds and end of waiting', () => {
    const { account } = markReached(spending(anAccount(1_000n, 100n), 90n), 'daily');
    const next = onDay(account, '2026-11-26');
    expect(next.daily).toEqual(meter(100n));
    expect(next).toMatchObject({ day: '2026-11-26', reached: null, total: { spent: 90n } });
  });

  it('that is over neither comes back nor counts what ends after it', () => {
    const account = onDay(reserved(anAccount(1_000n, 100n), 40n), '2026-11-26');
    expect(onDay(account, '2026-11-25')).toBe(account);
    const settled = settle(account, { reserved: 40n, spent: 30n, day: '2026-11-25' });
    expect(settled.daily).toMatchObject({ spent: 0n, reserved: 0n });
    expect(settled.total).toMatchObject({ spent: 30n, reserved: 0n });
  });
});

describe('thresholds', () => {
  it('are announced once each, the lower ones with the higher', () => {
    const account = spending(anAccount(100n), 85n);
    expect(passed(account)).toEqual([
      ['total', 50],
      ['total', 80],
    ]);
    expect(passed(announce(account).account)).toEqual([]);
  });

  it('are announced anew for a limit that was raised, where spending has yet to get to', () => {
    const { account } = announce(spending(anAccount(100n), 85n));
    const raised = setLimits(account, { total: 150n });
    expect(passed(raised)).toEqual([]);
    expect(passed(spending(raised, 35n))).toEqual([['total', 80]]);
  });

  it('count the last as passed when the next request does not fit', () => {
    const { account, crossings } = markReached(spending(anAccount(100n), 60n), 'total');
    expect(crossings.map(({ threshold }) => threshold)).toEqual([50, 100]);
    expect(markReached(account, 'total').crossings).toEqual([]);
  });

  it('are none without a limit', () => {
    expect(passed(spending(anAccount(null), 10n ** 15n))).toEqual([]);
  });
});

describe('setLimits', () => {
  it('ends the waiting when it makes room, and not when it makes none', () => {
    const { account } = markReached(spending(anAccount(100n), 95n), 'total');
    expect(setLimits(account, { total: 95n }).reached).toBe('total');
    expect(setLimits(account, { total: 96n }).reached).toBeNull();
    expect(setLimits(account, { total: null }).reached).toBeNull();
  });

  it('may go below what is spent; then nothing more is reserved', () => {
    const account = setLimits(spending(anAccount(100n), 50n), { total: 10n });
    expect(reserve(account, 1n)).toEqual({ kind: 'reached', limit: 'total' });
  });

  it('keeps a limit that it does not name', () => {
    expect(setLimits(anAccount(100n, 20n), { daily: null })).toMatchObject({
      total: { limit: 100n },
      daily: { limit: null },
    });
  });
});
