import type { DecisionDiff, Shadow, Wave } from '../../api/generated/types.gen.js';
import {
  budgetTokensProblem,
  caveats,
  comparedRows,
  diffText,
  runRows,
  shadowInputOf,
  suggestedModels,
} from './shadow-model.js';

const usage = {
  input_tokens: 10,
  cache_write_tokens: 20,
  cache_read_tokens: 70,
  output_tokens: 5,
  cost_usd: '0.01',
};
const aDiff = (parts: Partial<DecisionDiff> = {}): DecisionDiff => ({
  same: [],
  changed: [],
  only_original: [],
  only_shadow: [],
  ...parts,
});
const dispatch = (subject: string) => ({ tool: 'task_dispatch', subject, input: { ref: subject } });
const aShadow = (parts: Partial<Shadow> = {}): Shadow => ({
  wave_id: 'wav_1',
  model: 'other',
  stop_reason: 'end_turn',
  requests: 2,
  reads: 0,
  context: { tokens: 7_000, budget: 8_000, level: 'hard', total_tokens: 6_000, is_stored_request: true },
  usage: { ...usage, cost_usd: '0.02' },
  decisions: aDiff(),
  ...parts,
});

describe('what is asked for', () => {
  it('is what was typed, and nothing of what was left empty', () => {
    expect(shadowInputOf({ model: ' other ', budgetTokens: '9000', usdMax: '0.5' })).toEqual({
      model: 'other',
      policy: { context_budget_tokens: 9_000, wave_usd_max: '0.5' },
    });
    expect(shadowInputOf({ model: '', budgetTokens: ' ', usdMax: '' })).toEqual({ policy: {} });
  });

  it.each([
    ['', true],
    ['8000', true],
    ['7999', false],
    ['8000.5', false],
    ['many', false],
  ])('takes %p for a context budget: %p', (typed, isOne) => {
    expect(budgetTokensProblem(typed) === null).toBe(isOne);
  });

  it('suggests each model that the mission knows once', () => {
    const policy = { model: 'a', worker_model: 'b', digest_model: 'a' } as Parameters<
      typeof suggestedModels
    >[1];
    expect(suggestedModels({ model: 'w' }, policy)).toEqual(['w', 'a', 'b']);
    expect(suggestedModels({ model: 'w' }, undefined)).toEqual(['w']);
  });
});

describe('the comparison', () => {
  it('lists what differs before what is the same, with what each said', () => {
    const rows = comparedRows(
      aDiff({
        same: [dispatch('T1')],
        changed: [{ tool: 'task_review', subject: 'T2', original: 'accept', shadow: 'revise' }],
        only_original: [dispatch('T3')],
        only_shadow: [{ tool: 'note', subject: null, input: {} }],
      }),
    );
    expect(rows.map(({ title, verdict }) => [title, verdict])).toEqual([
      ['task review · T2', 'otherwise'],
      ['task dispatch · T3', 'only the wave'],
      ['note', 'only the shadow'],
      ['task dispatch · T1', 'the same'],
    ]);
    expect(rows[0]).toMatchObject({ original: 'accept', shadow: 'revise' });
    expect(rows.map(({ original, shadow }) => [original === null, shadow === null])).toEqual([
      [false, false],
      [false, true],
      [true, false],
      [false, false],
    ]);
  });

  it.each<[Partial<DecisionDiff>, string]>([
    [{}, 'Neither decided anything.'],
    [{ same: [dispatch('T1')] }, 'It decided the same.'],
    [{ only_original: [dispatch('T1')] }, 'No decision the same, 1 only by the wave.'],
    [
      {
        same: [dispatch('T1')],
        only_original: [dispatch('T2')],
        only_shadow: [dispatch('T3'), dispatch('T4')],
      },
      '1 decision the same, 1 only by the wave, 2 only by the shadow.',
    ],
  ])('is told in one sentence', (parts, sentence) => {
    expect(diffText(aDiff(parts))).toBe(sentence);
  });

  it('says what the shadow saw otherwise than the wave', () => {
    expect(caveats(aShadow())).toEqual([]);
    const { context } = aShadow();
    expect(caveats(aShadow({ reads: 2, context: { ...context, is_stored_request: false } }))).toEqual([
      'It was shown the same state, packed anew for its own budget.',
      'It read the ledger 2 times, as that is now and not as it was then.',
    ]);
  });

  it('has both runs beside each other', () => {
    const wave = {
      model: 'own',
      stop_reason: null,
      requests: 1,
      peak_request_tokens: 5_000,
      context: { budget: 24_000 },
      usage,
    } as Wave;
    expect(runRows(wave, aShadow())).toEqual([
      ['Model', 'own', 'other'],
      ['Ended by', '–', 'end turn'],
      ['Requests', '1', '2'],
      ['Largest request', '5,000', '7,000'],
      ['Of a budget of', '24,000', '8,000'],
      ['Input tokens', '100', '100'],
      ['Output tokens', '5', '5'],
      ['Cost', '$0.01', '$0.02'],
    ]);
  });
});
