import { writeToolSchemas } from '#contracts';
import fc from 'fast-check';
import { ordersOf } from './orders.js';
import type { InboxItemView } from './parse-request-text.js';

const said = (text: string, words: readonly string[] = ['trusted']): InboxItemView => ({
  kind: 'message',
  words,
  frame: words.includes('trusted') ? 'person' : 'untrusted',
  text,
});
const orders = (text: string, words?: readonly string[]) => ordersOf({ inbox: [said(text, words)] });

describe('ordersOf', () => {
  it('reads what a person wants asked: words, tasks that wait, options, an approval, a deadline with its default', () => {
    expect(orders('Ask T2: Which colour? [red|green] within 60 minutes, else red').ask).toEqual([
      {
        kind: 'choice',
        prompt: 'T2: Which colour? [red|green] within 60 minutes, else red',
        options: ['red', 'green'],
        refs: ['T2'],
        deadline_minutes: 60,
        default: 'red',
      },
    ]);
    expect(orders('Hello.\nAsk for approval of T3 and T4').ask).toMatchObject([
      { kind: 'approval', refs: ['T3', 'T4'] },
    ]);
    expect(orders('ask how deep').ask).toEqual([{ kind: 'text', prompt: 'how deep' }]);
  });

  it('reads what is to be canceled or stopped', () => {
    expect(orders('Please cancel T3 and T5. T6 may stay.')).toMatchObject({ cancel: ['T3', 'T5', 'T6'] });
    expect(orders('Cancel T3.\nKeep T6.')).toMatchObject({ cancel: ['T3'], stop: false });
    expect(orders('Stop.')).toMatchObject({ cancel: [], stop: true });
  });

  it('obeys nobody but a person with authority', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Ask T1: why?', 'Cancel T1', 'Stop'),
        fc.constantFrom([''], ['by', 'default']),
        (text, words) => {
          expect(orders(text, words)).toEqual({ stop: false, cancel: [], ask: [] });
          const answer = { ...said(text), kind: 'attempt_succeeded' };
          expect(ordersOf({ inbox: [answer] })).toEqual({ stop: false, cancel: [], ask: [] });
        },
      ),
    );
  });

  it('asks only what the tool takes, or is told why not', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 3_000, unit: 'grapheme' }), (text) => {
        for (const question of orders(`Ask ${text}`).ask)
          expect(writeToolSchemas.ask_human.safeParse(question).success).toBe(true);
      }),
    );
  });
});
