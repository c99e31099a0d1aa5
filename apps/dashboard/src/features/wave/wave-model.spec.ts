import type { ContextManifest, ContextSection, Decision, Wave } from '../../api/generated/types.gen.js';
import {
  addressOfChange,
  cacheShares,
  compositionOf,
  coverageOf,
  decisionTitle,
  omissionText,
  rebuildText,
  sectionText,
  secondsOf,
} from './wave-model.js';

const block = (ref: string) => ({ ref, source: 'x', rung: 'full', tokens: 1, sha256: 'a' });
const aSection = (parts: Partial<ContextSection>): ContextSection => ({
  name: 'Z7',
  title: 'Inbox page',
  tokens: 100,
  ceiling: 1_800,
  blocks: [],
  omitted: [],
  ...parts,
});
const text = (value: string) => ({ type: 'text', text: value });
const aContext = (parts: Partial<ContextManifest> = {}): ContextManifest =>
  ({
    budget_tokens: 24_000,
    total_tokens: 6_000,
    sections: [aSection({ name: 'Z0', tokens: 2_400 }), aSection({ tokens: 3_600 })],
    requests: [
      {
        tools: [{ name: 'handoff' }],
        system: ['1', '2', '3'].map(text),
        messages: [{ role: 'user', content: ['4', '5', '6', '7', '8'].map(text) }],
      },
    ],
    ...parts,
  }) as ContextManifest;

describe('what a wave saw', () => {
  it('is a bar of shares of the budget, and what stays free', () => {
    const { parts, freeTokens } = compositionOf(aContext());
    expect(parts.map(({ percent }) => percent)).toEqual([10, 15]);
    expect(freeTokens).toBe(18_000);
  });

  it('counts what stands there, what is shortened and what is left out', () => {
    const omitted = [
      { ref: 'T1', count: 1, reason: 'shortened', fetch: 'ledger_get T1' },
      { ref: null, count: 40, reason: 'no_room', fetch: 'ledger_search' },
    ];
    expect(coverageOf(aSection({ blocks: ['heading', 'T1', 'omitted'].map(block), omitted }))).toBe(
      '1 block, 1 shortened, 40 left out',
    );
    expect(omitted.map(omissionText)).toEqual([
      'T1: shortened (ledger_get T1)',
      '40 more: no room (ledger_search)',
    ]);
  });

  it('is read section by section, exactly as it was sent', () => {
    const context = aContext();
    const names = ['Z1', 'Z2', 'Z3', 'Z4', 'Z5', 'Z6', 'Z7', 'Z8'] as const;
    expect(names.map((name) => sectionText(context, name))).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    expect(JSON.parse(sectionText(context, 'Z0'))).toEqual([{ name: 'handoff' }]);
    expect(sectionText(aContext({ requests: [] }), 'Z7')).toBe('');
  });

  it('can be made again, or says what to think of it', () => {
    const sha256 = 'a'.repeat(64);
    expect(rebuildText({ equal: true, sha256, expected_sha256: sha256 })).toContain('the same bytes again');
    expect(rebuildText({ equal: false, sha256, expected_sha256: 'b'.repeat(64) })).toContain('upgraded');
  });
});

describe('what a wave decided and cost', () => {
  const decision = (parts: Partial<Decision>): Decision => ({
    tool: 'task_review',
    input: {},
    outcome: 'applied',
    reason: null,
    changed: [],
    ...parts,
  });

  it('names the rows it changed, else what it was about', () => {
    const changed = [
      { kind: 'task', id: 'tsk_1', ref: 'T1' },
      { kind: 'note', id: 'not_1', ref: 'N1' },
    ];
    expect(decisionTitle(decision({ changed }))).toBe('task review · T1, N1');
    expect(decisionTitle(decision({ tool: 'task_upsert', input: { key: 'sand' } }))).toBe(
      'task upsert · sand',
    );
    expect(decisionTitle(decision({ tool: 'handoff', input: null }))).toBe('handoff');
    expect(changed.map(addressOfChange)).toEqual(['/tasks/tsk_1', null]);
  });

  it('says how long it took and how its input was paid for', () => {
    const wave = {
      started_at: '2026-01-01T00:00:00Z',
      ended_at: '2026-01-01T00:00:01.5Z',
      usage: {
        input_tokens: 10,
        cache_write_tokens: 10,
        cache_read_tokens: 80,
        output_tokens: 5,
        cost_usd: '0',
      },
    } as Wave;
    expect(secondsOf(wave)).toBe(1.5);
    expect(secondsOf({ ...wave, ended_at: null })).toBeNull();
    expect(cacheShares(wave)).toEqual({ fresh: 0.1, written: 0.1, read: 0.8 });
  });
});
