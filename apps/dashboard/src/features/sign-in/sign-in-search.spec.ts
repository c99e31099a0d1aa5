import { signInSearch } from './sign-in-search.js';

describe('signInSearch', () => {
  it.each(['/', '/missions/msn_1?zoom=1', '/tasks'])('goes on to %s', (next) =>
    expect(signInSearch({ next })).toEqual({ next }),
  );
  it.each(['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', 7, ['/']])(
    'goes nowhere else: %j',
    (next) => expect(signInSearch({ next })).toEqual({}),
  );
});
