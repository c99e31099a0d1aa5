import fc from 'fast-check';
import { scrub } from './scrub.js';

/** `more` is what may stand in the secret beside letters and digits, as in a class of a regular expression. */
const secretOf = (length: number, more = ''): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[A-Za-z0-9${more}]{${length}}$`));

/** What must not be seen, and how it would stand in a text. */
interface Planted {
  readonly secret: string;
  readonly text: string;
}

const planted: fc.Arbitrary<Planted> = fc.oneof(
  secretOf(49).map((secret) => ({ secret, text: `wk_live_${secret}` })),
  secretOf(49).map((secret) => ({ secret, text: `wk_local_${secret}` })),
  secretOf(43, '_\\-').map((secret) => ({ secret, text: `wka_${secret}` })),
  secretOf(43).map((secret) => ({ secret, text: `wks_${secret}` })),
  secretOf(43).map((secret) => ({ secret, text: `wkl_${secret}` })),
  secretOf(43).map((secret) => ({ secret, text: `wkq_${secret}` })),
  secretOf(44, '+/=').map((secret) => ({ secret, text: `whsec_${secret}` })),
  secretOf(95, '_\\-').map((secret) => ({ secret, text: `sk-ant-api03-${secret}` })),
  secretOf(32, '._~+/=\\-').map((secret) => ({ secret, text: `Authorization: Bearer ${secret}` })),
  secretOf(32).map((secret) => ({ secret, text: `authorization: bearer  ${secret}` })),
  secretOf(16, "._~%!$&'()*+,;=:@\\-").map((secret) => ({
    secret,
    text: `postgres://owner:${secret}@db:5432/x`,
  })),
  secretOf(16).map((secret) => ({ secret, text: `redis://:${secret}@127.0.0.1:6379` })),
);
const someText = fc.string({
  unit: fc.constantFrom('a', 'Z', '7', '_', ' ', '"', '\\', '\n', '\t', '\b', '\u001b', 'ü', ',', '{'),
  maxLength: 6,
});

/** The text inside JSON inside JSON …, beside other things. */
function nested(text: string, depth: number): string {
  return depth === 0 ? text : JSON.stringify({ level: 'info', list: [1, nested(text, depth - 1)], msg: 'm' });
}

describe('scrub', () => {
  it('lets no secret through, in however much JSON it is wrapped and whatever stands before it', () => {
    fc.assert(
      fc.property(planted, someText, fc.nat(4), ({ secret, text }, before, depth) => {
        expect(scrub(nested(`${before}${text} after`, depth))).not.toContain(secret);
      }),
      { numRuns: 1_000 },
    );
  });

  it('lets no secret through that stands at the beginning of a line of a message', () => {
    const key = `wk_live_${'k'.repeat(49)}`;
    expect(scrub(JSON.stringify({ msg: `refused:\n${key}` }))).toBe('{"msg":"refused:\\nwk_…"}');
  });

  it('hides the password of an address without a user', () => {
    expect(scrub('cannot reach redis://:hunter2@127.0.0.1:6379')).toBe(
      'cannot reach redis://:…@127.0.0.1:6379',
    );
  });

  it('leaves the rest of an address readable', () => {
    expect(scrub('postgres://owner:p@ss@db:5432/wavekeeper?ssl=on')).toBe(
      'postgres://owner:…@db:5432/wavekeeper?ssl=on',
    );
    expect(scrub('http://127.0.0.1:7070/v1/tasks')).toBe('http://127.0.0.1:7070/v1/tasks');
  });

  it('leaves a line of JSON a line of JSON', () => {
    fc.assert(
      fc.property(
        planted,
        someText,
        someText,
        fc.integer({ min: 1, max: 4 }),
        ({ text }, before, after, depth) => {
          const line = scrub(nested(`${before}${text}${after}`, depth));
          expect(() => {
            JSON.parse(line);
          }).not.toThrow();
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('finds nothing more in what it has scrubbed', () => {
    fc.assert(
      fc.property(planted, someText, someText, ({ text }, before, after) => {
        const line = scrub(`${before}${text}${after}`);
        expect(scrub(line)).toBe(line);
      }),
    );
  });

  it('leaves alone what only looks a little like a secret', () => {
    const line =
      '{"task":"tsk_01h455vb4pex5vsknk084sn02q","prefix":"wk_live_k8aZ","topic":"whsec_ rotation"}';
    expect(scrub(line)).toBe(line);
  });
});
