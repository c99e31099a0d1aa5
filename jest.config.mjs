// Jest runs the TypeScript sources as ES modules. The suffix of a file says what it needs:
//   *.spec.ts      nothing            npm test -- --selectProjects unit
//   *.db.spec.ts   a real Postgres    npm test -- --selectProjects db
//   *.e2e.spec.ts  the app over HTTP  npm test -- --selectProjects e2e
// The server for the last two is started once per run, and only when one of them is selected.

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
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': swc },
  setupFiles: ['reflect-metadata'],
};

const onPostgres = {
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};

export default {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['**/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', '\\.(db|e2e)\\.spec\\.ts$'],
    },
    { ...shared, ...onPostgres, displayName: 'db', testMatch: ['**/*.db.spec.ts'] },
    { ...shared, ...onPostgres, displayName: 'e2e', testMatch: ['**/*.e2e.spec.ts'] },
  ],
  testTimeout: 30_000,
  coverageDirectory: 'coverage',
  coverageReporters: ['text-summary', 'lcov'],
  collectCoverageFrom: ['{apps,libs}/*/src/**/*.ts', '!**/*.spec.ts', '!**/generated/**', '!**/main.ts'],
};
