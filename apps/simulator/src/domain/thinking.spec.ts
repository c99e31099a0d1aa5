import { countRequestSchema, type Prompt } from './messages-request.js';
import { checkThinking, isAskedToThink, think } from './thinking.js';

const SECRET = 'a secret';
const aPrompt = (fields: object = {}): Prompt =>
  countRequestSchema.parse({
    model: 'claude-sonnet-5-5',
    messages: [{ role: 'user', content: 'Decide.' }],
    ...fields,
  });

/** The block as it comes back in a conversation. */
function thoughtOf(prompt: Prompt): object {
  const block = think(prompt, SECRET);
  if (block.type !== 'thinking') throw new Error('that was no thought');
  return { type: 'thinking', thinking: block.text, signature: block.signature };
}

const followedBy = (...content: object[]) => ({
  messages: [
    { role: 'user', content: 'Decide.' },
    { role: 'assistant', content },
    { role: 'user', content: 'Go on.' },
  ],
});
const SAID = { type: 'text', text: 'Decided.' };
const CALL = { type: 'tool_use', id: 'toolu_1', name: 'note', input: {} };

describe('checkThinking', () => {
  const thought = thoughtOf(aPrompt());

  it('takes a thought where it was thought', () => {
    expect(checkThinking(aPrompt(followedBy(thought, SAID)), SECRET)).toBeNull();
  });

  it.each([
    ['after another past', aPrompt({ ...followedBy(thought, SAID), system: 'Another role.' })],
    ['in other words', aPrompt(followedBy({ ...thought, thinking: 'No.' }, SAID))],
    ['under another signature', aPrompt(followedBy({ ...thought, signature: 'AAAA' }, SAID))],
  ])('refuses it %s', (_, prompt) => {
    expect(checkThinking(prompt, SECRET)).toMatch(/cannot be modified/);
  });

  it('refuses it anywhere but at the beginning of an answer', () => {
    expect(checkThinking(aPrompt(followedBy(SAID, thought)), SECRET)).toMatch(/must begin/);
    const asked = { messages: [{ role: 'user', content: [thought] }] };
    expect(checkThinking(aPrompt(asked), SECRET)).toMatch(/must begin/);
  });

  it('misses it in an answer with calls only when it was asked for by hand', () => {
    const enabled = { thinking: { type: 'enabled', budget_tokens: 1_024 } };
    expect(checkThinking(aPrompt({ ...followedBy(CALL), ...enabled }), SECRET)).toMatch(
      /must begin with its thinking/,
    );
    expect(checkThinking(aPrompt({ ...followedBy(SAID), ...enabled }), SECRET)).toBeNull();
    expect(checkThinking(aPrompt(followedBy(CALL)), SECRET)).toBeNull();
  });
});

describe('isAskedToThink', () => {
  it.each([
    ['enabled', true],
    ['adaptive', true],
    ['disabled', false],
  ])('%s: %s', (type, isAsked) => {
    expect(isAskedToThink(aPrompt({ thinking: { type } }))).toBe(isAsked);
  });
});
