import { fuzz } from './fuzz.js';

/** `npm run fuzz` sends many more, with a seed of its own. */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 400);
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_125);
const MS_PER_REQUEST_MAX = 200;

describe('the API', () => {
  it(
    'answers whatever it is sent as its document says, and never with its own failure',
    async () => {
      const report = await fuzz({ requests: REQUESTS, seed: SEED });
      if (process.env.FUZZ_REQUESTS !== undefined)
        process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      expect(report).toMatchObject({ serverErrors: [], undocumented: [], mismatches: [], notReplayed: [] });
      expect(Object.values(report.statuses).reduce((sum, count) => sum + count, 0)).toBe(REQUESTS);
      for (const status of ['200', '201', '401', '403', '404', '422'])
        expect(report.statuses).toHaveProperty(status);
      expect(Reflect.get({}, 'polluted')).toBeUndefined();
    },
    180_000 + REQUESTS * MS_PER_REQUEST_MAX,
  );
});
