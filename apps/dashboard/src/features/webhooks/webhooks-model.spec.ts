import type { Delivery } from '../../api/generated/types.gen.js';
import { goesOn, lastTryText, nextLookMs, patternsTyped, since } from './webhooks-model.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const aTry = (parts: Partial<Delivery['tries'][number]>) => ({
  at: '2026-01-01T00:00:00Z',
  url: 'https://a.example/hook',
  redelivery: false,
  status: 200,
  duration_ms: 12,
  error: null,
  response_excerpt: null,
  ...parts,
});
const aDelivery = (parts: Partial<Delivery>): Delivery =>
  ({ state: 'pending', tries: [], next_try_at: null, ...parts }) as Delivery;

describe('a delivery', () => {
  it('says what its last try came to', () => {
    expect(lastTryText(aDelivery({}))).toBe('not tried yet');
    expect(lastTryText(aDelivery({ tries: [aTry({ status: 503 })] }))).toBe('503 in 12 ms');
    expect(lastTryText(aDelivery({ tries: [aTry({ status: null, error: 'refused' })] }))).toBe('refused');
  });

  it('says how it goes on', () => {
    expect(goesOn(aDelivery({ state: 'delivered', tries: [aTry({})] }), NOW)).toBe('1 try');
    expect(goesOn(aDelivery({ state: 'dead', tries: [aTry({}), aTry({})] }), NOW)).toBe(
      'given up after 2 tries',
    );
    expect(goesOn(aDelivery({ next_try_at: '2026-01-01T00:05:00Z' }), NOW)).toBe('next try in 5 min');
  });

  it('is looked at again when it is tried next, and never when all are over', () => {
    expect(nextLookMs([aDelivery({ next_try_at: '2026-01-01T00:00:10Z' })], NOW)).toBe(11_500);
    expect(nextLookMs([aDelivery({ next_try_at: '2025-01-01T00:00:00Z' })], NOW)).toBe(1_500);
    expect(nextLookMs([aDelivery({ state: 'dead' })], NOW)).toBeNull();
  });
});

describe('what is typed', () => {
  it('is patterns of types, everything when nothing is said', () => {
    expect(patternsTyped(' task.*, mission.completed  task.*')).toEqual(['task.*', 'mission.completed']);
    expect(patternsTyped('')).toEqual(['*']);
    expect(since(24, NOW)).toBe('2025-12-31T00:00:00.000Z');
  });
});
