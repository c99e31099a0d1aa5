import fc from 'fast-check';
import { z } from 'zod';
import { callTools, sayText, type Answer } from './answer.js';
import { messageBody, messageEvents } from './message-events.js';

const inputUsage = { uncachedTokens: 9, readTokens: 700, writtenTokens: { '5m': 20, '1h': 1 } };

const deltaSchema = z.object({ text: z.string().optional(), partial_json: z.string().optional() });

function messageOf(answer: Answer) {
  return { id: 'msg_0', model: 'claude-sonnet-5-5', answer, inputUsage };
}

const anyAnswer = fc.oneof(
  fc.string({ unit: 'grapheme' }).map(sayText),
  fc
    .array(fc.record({ tool: fc.constant('note'), input: fc.dictionary(fc.string(), fc.string()) }))
    .map(callTools),
);

describe('messageEvents', () => {
  it('opens and closes everything once, in order', () => {
    const events = messageEvents(
      messageOf(callTools([{ tool: 'handoff', input: { note: 'a', done: false } }])),
    );
    expect(events.map((event) => event.type)).toEqual([
      'message_start',
      'ping',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  it('delivers in pieces exactly what the whole message holds', () => {
    fc.assert(
      fc.property(anyAnswer, (answer) => {
        const pieces = answer.blocks.map((_block, index) =>
          messageEvents(messageOf(answer))
            .filter((event) => event.type === 'content_block_delta' && event.index === index)
            .map(({ delta }) => deltaSchema.parse(delta))
            .map((delta) => delta.text ?? delta.partial_json)
            .join(''),
        );
        expect(pieces).toEqual(
          answer.blocks.map((block) => (block.type !== 'tool_use' ? block.text : block.inputJson)),
        );
      }),
    );
  });
});

describe('messageBody', () => {
  it('reports the three parts of the input apart', () => {
    expect(messageBody(messageOf(sayText('yes'))).usage).toMatchObject({
      input_tokens: 9,
      cache_creation_input_tokens: 21,
      cache_read_input_tokens: 700,
      cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 1 },
    });
  });

  it('shows a tool input that was cut as no input', () => {
    const answer: Answer = {
      blocks: [{ type: 'tool_use', name: 'note', inputJson: '{"entr' }],
      stopReason: 'max_tokens',
    };
    expect(messageBody(messageOf(answer)).content).toMatchObject([
      { type: 'tool_use', name: 'note', input: {} },
    ]);
  });
});
