import fc from 'fast-check';
import { newUuid } from '#contracts';
import { buildContext } from '#context';
import { fits } from '#model';
import { countAnswerTokens, callTools } from '../apps/simulator/src/domain/answer.js';
import { countPromptTokens, promptSegments } from '../apps/simulator/src/domain/count-tokens.js';
import { messagesRequestSchema } from '../apps/simulator/src/domain/messages-request.js';
import { appendTurn, provenNext, type Turn } from '../libs/conductor/src/turn.js';
import { arbitraryInput } from '../libs/context/test/arbitrary-input.js';

/** What a tool may come to hand back, from words to a megabyte that nobody would call text. */
const aResult = fc.oneof(
  fc.lorem({ maxCount: 80 }),
  fc.string({ unit: 'binary', maxLength: 2_500 }),
  fc.constantFrom(
    '漢字'.repeat(400),
    'QUJDREVG/+8='.repeat(200),
    '👩‍👩‍👧‍👦'.repeat(120),
    'ﷺ'.repeat(700),
    '\u0000\u001b\ud800"\\'.repeat(300),
    `a${'\u0301\u0316'.repeat(900)}`,
    '\n'.repeat(5_000),
    'x7Q'.repeat(350_000),
  ),
);
const aTurn = fc.record({
  results: fc.array(aResult, { minLength: 1, maxLength: 8 }),
  note: fc.constantFrom(null, 'Context: over 70 % of the budget is used.'),
});

/** The prompt's true size, by a tokenizer that our side knows nothing of. */
function trueTokens(request: object, messages: readonly unknown[]): number {
  return countPromptTokens(promptSegments(messagesRequestSchema.parse({ ...request, messages })));
}

/** An answer of so many calls, as it comes and as it is charged. */
function anAnswer(turn: number, texts: readonly string[]): { turn: Turn; outputTokens: number } {
  const calls = texts.map((text, place) => ({
    tool: 'ledger_search',
    input: { query: text.slice(0, 40).toWellFormed(), offset: place },
  }));
  return {
    outputTokens: countAnswerTokens(callTools(calls)),
    turn: {
      content: calls.map(({ tool, input }, place) => ({
        type: 'tool_use',
        id: `toolu_0123456789abcdef0123456789abcdef_${turn}_${place}`,
        name: tool,
        input,
        caller: { type: 'direct' },
      })),
      results: texts.map((text, place) => ({
        id: `toolu_0123456789abcdef0123456789abcdef_${turn}_${place}`,
        tool: 'ledger_search',
        text,
        isError: false,
      })),
    },
  };
}

describe('the requests of a wave, of any ledger and with any results', () => {
  it('are never larger than what is proved of them, so none that may be sent exceeds its budget', () => {
    const waveId = newUuid();
    fc.assert(
      fc.property(arbitraryInput, fc.array(aTurn, { minLength: 1, maxLength: 5 }), (input, turns) => {
        const pack = buildContext(input);
        if (pack.kind === 'overcommitted') return;
        const budgetTokens = input.policy.context_budget_tokens;
        let messages: object[] = [...pack.request.messages];
        let promptTokens = trueTokens(pack.request, messages);
        for (const [place, { results, note }] of turns.entries()) {
          const { turn, outputTokens } = anAnswer(place, results);
          for (const shownBytesMax of [2_000, 1_000, 500, 250]) {
            const appended = appendTurn(turn, { waveId, shownBytesMax, note }).messages;
            expect(appendTurn(turn, { waveId, shownBytesMax, note }).messages).toEqual(appended);
            const tokens = provenNext({ promptTokens, outputTokens }, turn, appended);
            const truth = trueTokens(pack.request, [...messages, ...appended]);
            expect(truth).toBeLessThanOrEqual(tokens);
            if (fits({ tier: 'proved', tokens }, budgetTokens)) expect(truth).toBeLessThan(budgetTokens);
          }
          messages = [...messages, ...appendTurn(turn, { waveId, shownBytesMax: 2_000, note }).messages];
          promptTokens = trueTokens(pack.request, messages);
        }
      }),
      { numRuns: 25 },
    );
  });
});
