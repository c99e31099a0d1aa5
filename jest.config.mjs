// Jest runs the TypeScript sources as ES modules. The suffix of a file says what it needs:
//   *.spec.ts      nothing            npm test -- --selectProjects unit
//   *.db.spec.ts   a real Postgres    npm test -- --selectProjects db
//   *.e2e.spec.ts  the app over HTTP  npm test -- --selectProjects e2e
//   *.browser.spec.ts  and a browser  npm test -- --selectProjects browser
// The server for the last three is started once per run, and only when one of them is selected.
import { existsSync } from 'node:fs';

/** swc, since it keeps the decorator metadata that Nest's injection reads, and does not check types. */
const swc = [
  '@swc/jest',
  {
    swcrc: false,
    sourceMaps: 'inline',
    module: { type: 'es6' },
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    },
  },
];

const shared = {
  testEnvironment: 'node',
  // `source` makes the subpath imports of package.json (#ledger …) resolve to TypeScript instead of dist.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/bench', '<rootDir>/test'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // these call their sources `source` too, and those are not ours to compile
    '^eventsource(-parser)?$': '<rootDir>/node_modules/eventsource$1/dist/index.js',
    '^eventsource-parser/stream$': '<rootDir>/node_modules/eventsource-parser/dist/stream.js',
  },
  transform: { '^.+\\.ts$': swc },
  setupFiles: ['reflect-metadata'],
};

const onPostgres = {
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};

/** Programs that are not ours to install: without one its specs are left out, and said to be; never where changes are judged. */
const programs = {
  TEST_REDIS: { paths: ['/usr/bin/redis-server', '/usr/local/bin/redis-server'], debian: 'redis-server' },
  TEST_CHROMIUM: { paths: ['/usr/bin/chromium', '/usr/bin/chromium-browser'], debian: 'chromium' },
};
for (const [variable, { paths, debian }] of Object.entries(programs)) {
  const found = paths.find(existsSync);
  const advice = `no ${debian}: the specs that need it are left out (Debian: apt-get install ${debian})`;
  if (found !== undefined) process.env[variable] = found;
  else if (process.env.CI !== undefined) throw new Error(advice);
  else process.stderr.write(`${advice}\n`);
}
const inBrowser = { ...shared, ...onPostgres, displayName: 'browser', testMatch: ['**/*.browser.spec.ts'] };

export default {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['**/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', '\\.(db|e2e|browser)\\.spec\\.ts$'],
    },
    { ...shared, ...onPostgres, displayName: 'db', testMatch: ['**/*.db.spec.ts'] },
    { ...shared, ...onPostgres, displayName: 'e2e', testMatch: ['**/*.e2e.spec.ts'] },
    ...(process.env.TEST_CHROMIUM === undefined ? [] : [inBrowser]),
  ],
  // ES modules in Jest's sandboxes are never freed, about 20 MB a suite: a worker that has grown is replaced between two suites.
  maxWorkers: 2,
  workerIdleMemoryLimit: '1GB',
  // A test that hangs must end; how long one takes is no business of the suite's, and machines are noisy.
  testTimeout: 180_000,
  coverageDirectory: 'coverage',
  coverageReporters: ['text-summary', 'lcov'],
  collectCoverageFrom: ['{apps,libs}/*/src/**/*.ts', '!**/*.spec.ts', '!**/generated/**', '!**/main.ts'],
};
