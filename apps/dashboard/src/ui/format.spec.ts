import { count, duration, relativeTime, shortId, shortNumber, usd, words } from './format.js';

describe('how values read', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1K'],
    [21_650, '21.6K'],
    [99_960, '100K'],
    [999_960, '1M'],
    [431_300_000, '431M'],
    [2_500_000_000, '2.5B'],
  ])('%d tokens are %s', (value, text) => expect(shortNumber(value)).toBe(text));

  it.each([
    ['0', '$0'],
    ['0.0312345', '$0.0312'],
    ['118.4', '$118.40'],
    ['12000', '$12,000.00'],
  ])('%s USD are %s', (amount, text) => expect(usd(amount)).toBe(text));

  it.each([
    ['2026-01-01T00:00:02Z', 'just now'],
    ['2025-12-31T23:59:00Z', '60 s ago'],
    ['2025-12-31T22:00:00Z', '2 h ago'],
    ['2026-01-01T00:10:00Z', 'in 10 min'],
    ['2025-12-20T00:00:00Z', '12 d ago'],
  ])('%s is %s', (at, text) => expect(relativeTime(at, Date.parse('2026-01-01T00:00:00Z'))).toBe(text));

  it('keeps numbers, words and ids readable', () => {
    expect([count(1, 'task'), count(1_200, 'task')]).toEqual(['1 task', '1,200 tasks']);
    expect(words('input_required')).toBe('input required');
    expect(shortId('msn_01m83rvbs3fk3v8ps4wvnd3e77')).toBe('msn_01m8…3e77');
    expect(duration(3)).toBe('3 s');
  });
});
