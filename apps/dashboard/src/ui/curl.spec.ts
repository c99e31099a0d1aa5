import { curlOf } from './curl.js';

const ORIGIN = 'http://127.0.0.1:7070';

describe('curlOf', () => {
  it('reads what the page reads, with a key that only the shell knows', () => {
    expect(curlOf({ path: '/v1/missions/msn_1' }, ORIGIN)).toBe(
      `curl -s 'http://127.0.0.1:7070/v1/missions/msn_1' \\\n  -H "Authorization: Bearer $WAVEKEEPER_API_KEY"`,
    );
    expect(
      curlOf({ path: '/v1/tasks', query: { limit: 50, state: 'failed', q: undefined } }, ORIGIN),
    ).toContain(`'${ORIGIN}/v1/tasks?limit=50&state=failed'`);
  });

  it.each(["it's; rm -rf ~", '$(reboot) `reboot` "', 'a\nb & c'])(
    'lets no text of a filter leave its quotes: %j',
    (q) => {
      const [line = '', ...rest] = curlOf({ path: '/v1/tasks', query: { q } }, ORIGIN).split('\n');
      expect(rest).toEqual(['  -H "Authorization: Bearer $WAVEKEEPER_API_KEY"']);
      expect(line).toMatch(/^curl -s '[^'\s`"$]+' \\$/);
      expect(new URL(line.split("'")[1] ?? '').searchParams.get('q')).toBe(q);
    },
  );
});
