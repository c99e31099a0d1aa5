import { checkRequest, checkWindow } from './check-request.js';
import { promptSegments } from './count-tokens.js';
import { countRequestSchema } from './messages-request.js';

const HELLO = { role: 'user', content: 'Hello' };
const CALL = { type: 'tool_use', id: 'toolu_1', name: 'note', input: {} };
const RESULT = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'noted' };

function objectionTo(change: object): string | undefined {
  const prompt = countRequestSchema.parse({ model: 'claude-sonnet-5-5', messages: [HELLO], ...change });
  return checkRequest(prompt, promptSegments(prompt))?.message;
}

function marked(ttl: '5m' | '1h') {
  return { type: 'text', text: 'marked', cache_control: { type: 'ephemeral', ttl } };
}

describe('checkRequest', () => {
  it('takes a conversation whose tool calls are all answered', () => {
    const messages = [
      HELLO,
      { role: 'assistant', content: [CALL] },
      { role: 'user', content: [RESULT, { type: 'text', text: 'go on' }] },
    ];
    expect(objectionTo({ messages })).toBeUndefined();
  });

  it('answers 404 for a model that it does not know', () => {
    const prompt = countRequestSchema.parse({ model: 'claude-none', messages: [HELLO] });
    expect(checkRequest(prompt, [])).toMatchObject({ status: 404, type: 'not_found_error' });
  });

  it.each(['any', 'tool'])('refuses tool_choice %s on the models that cannot be forced', (type) => {
    for (const model of ['claude-fable-5-1', 'claude-fable-5-2', 'claude-opus-5-5', 'claude-sonnet-5-5'])
      expect(objectionTo({ model, tool_choice: { type } })).toMatch(/tool_choice/);
    expect(objectionTo({ model: 'claude-haiku-5-5', tool_choice: { type } })).toBeUndefined();
    expect(objectionTo({ tool_choice: { type: 'auto' } })).toBeUndefined();
  });

  it.each(['temperature', 'top_p', 'top_k'])('refuses the sampling parameter %s', (name) => {
    expect(objectionTo({ [name]: 1 })).toContain(name);
  });

  it('refuses server-held threads', () => {
    expect(objectionTo({ thread: { type: 'create' } })).toMatch(/thread/);
  });

  it('refuses a conversation that an assistant begins or ends', () => {
    expect(objectionTo({ messages: [HELLO, { role: 'assistant', content: 'I' }] })).toMatch(/prefill/);
    expect(objectionTo({ messages: [{ role: 'assistant', content: 'I' }, HELLO] })).toMatch(/first message/);
  });

  it('refuses two tools of one name', () => {
    const tool = { name: 'note', input_schema: { type: 'object' } };
    expect(objectionTo({ tools: [tool, tool] })).toMatch(/unique/);
  });

  it.each([
    [
      'a tool_use without its result',
      [HELLO, { role: 'assistant', content: [CALL] }, HELLO],
      /no tool_result/,
    ],
    ['a result without its tool_use', [{ role: 'user', content: [RESULT] }], /answers no tool_use/],
    [
      'two results for one tool_use',
      [HELLO, { role: 'assistant', content: [CALL] }, { role: 'user', content: [RESULT, RESULT] }],
      /single tool_result/,
    ],
    [
      'a result after other content',
      [
        HELLO,
        { role: 'assistant', content: [CALL] },
        { role: 'user', content: [{ type: 'text', text: 'first' }, RESULT] },
      ],
      /before other content/,
    ],
    ['a tool_use of the user', [{ role: 'user', content: [CALL] }], /belong to the assistant/],
    [
      'a result of the assistant',
      [HELLO, { role: 'assistant', content: [RESULT] }, HELLO],
      /belong to the user/,
    ],
  ])('refuses %s', (_what, messages, objection) => {
    expect(objectionTo({ messages })).toMatch(objection);
  });

  it('reads consecutive messages of one role as one turn', () => {
    const messages = [
      HELLO,
      { role: 'assistant', content: 'I call' },
      { role: 'assistant', content: [CALL] },
    ];
    expect(
      objectionTo({ messages: [...messages, { role: 'user', content: [RESULT] }, HELLO] }),
    ).toBeUndefined();
  });

  it('refuses a fifth cache breakpoint', () => {
    expect(objectionTo({ system: Array(4).fill(marked('5m')) })).toBeUndefined();
    expect(objectionTo({ system: Array(5).fill(marked('5m')) })).toMatch(/at most 4/);
  });

  it('refuses a 1-hour breakpoint behind a 5-minute one', () => {
    expect(objectionTo({ system: [marked('1h'), marked('5m')] })).toBeUndefined();
    expect(objectionTo({ system: [marked('5m'), marked('1h')] })).toMatch(/must not come after/);
  });
});

describe('checkWindow', () => {
  it('takes a prompt that leaves room for the whole answer, and not a token more', () => {
    expect(checkWindow(195_904, 4_096)).toBeNull();
    expect(checkWindow(195_905, 4_096)).toMatchObject({ status: 400 });
  });
});
