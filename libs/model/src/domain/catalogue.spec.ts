import fc from 'fast-check';
import { catalogueRow, fallbackModel } from './catalogue.js';

const MODELS = [
  'claude-fable-5-1',
  'claude-opus-5-5',
  'claude-opus-5',
  'claude-sonnet-5-5',
  'claude-sonnet-5',
  'claude-haiku-5-5',
  'claude-haiku-4-5',
];
const aDate = fc
  .date({ min: new Date('2024-01-01'), max: new Date('2030-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

describe('catalogueRow', () => {
  it('takes the price of the day: a new row counts from its own day on', () => {
    expect(catalogueRow('claude-sonnet-5-5', '2026-10-06').prices.cacheRead).toBe(0.2);
    expect(catalogueRow('claude-sonnet-5-5', '2026-10-07').prices.cacheRead).toBe(0.1);
  });

  it('takes the first row for the days before it', () => {
    expect(catalogueRow('claude-sonnet-5-5', '2020-01-01').effectiveFrom).toBe('2026-09-01');
  });

  it('knows the dearer tier of long prompts: five times the price above 100,000 tokens', () => {
    const { prices, promptOver } = catalogueRow('claude-haiku-5-5', '2026-11-01');
    expect(promptOver?.tokens).toBe(100_000);
    expect(promptOver?.prices.input).toBe(5 * prices.input);
    expect(promptOver?.prices.output).toBe(5 * prices.output);
  });

  it('has a row of its own for every model that it lists, on every day', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MODELS), aDate, (model, date) => {
        expect(catalogueRow(model, date).model).toBe(model);
      }),
    );
  });

  it('never goes back to an older row as days pass, and takes none from the future once it has one', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MODELS), aDate, aDate, (model, one, other) => {
        const [earlier, later] = one < other ? [one, other] : [other, one];
        const first = catalogueRow(model, '2020-01-01').effectiveFrom;
        const [before, after] = [earlier, later].map((date) => catalogueRow(model, date).effectiveFrom);
        expect(before && after && before <= after).toBe(true);
        expect(after === first || (after && after <= later)).toBe(true);
      }),
    );
  });

  it('charges a model that it does not know like the dearest', () => {
    const unknown = catalogueRow('claude-of-tomorrow', '2026-11-01');
    for (const model of MODELS)
      for (const date of ['2020-01-01', '2026-11-01']) {
        const { prices, promptOver } = catalogueRow(model, date);
        for (const kind of ['input', 'cacheWrite5m', 'cacheWrite1h', 'cacheRead', 'output'] as const) {
          expect(unknown.prices[kind]).toBeGreaterThanOrEqual(prices[kind]);
          expect(unknown.prices[kind]).toBeGreaterThanOrEqual(promptOver?.prices[kind] ?? 0);
        }
      }
  });
});

describe('fallbackModel', () => {
  it('is another model, which has a price of its own', () => {
    for (const model of ['claude-fable-5-1', 'claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5']) {
      const fallback = fallbackModel(model);
      expect(fallback).not.toBe(model);
      expect(catalogueRow(fallback ?? '', '2026-11-25').model).toBe(fallback);
    }
  });

  it('is none for a model that is not known', () => {
    expect([fallbackModel('claude-none'), fallbackModel('constructor')]).toEqual([null, null]);
  });
});
