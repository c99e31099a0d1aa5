// The architecture as rules that fail the build. ARCHITECTURE.md says why it is cut this way; this file is what
// makes it stay so. `npm run boundaries` runs it alone.

/** What each lib may know. Whatever is not listed here is forbidden. */
const layers = [
  ['contracts', 'config'],
  ['telemetry'],
  ['database'],
  ['tenancy'],
  ['ledger'],
  ['model', 'context', 'webhooks', 'dispatch'],
  ['attempts', 'conductor'],
];

const SPEC = '\\.spec\\.ts$';
const TEST_SUPPORT = ['^test/', '^(apps|libs)/[^/]+/test/', '^(apps|libs)/[^/]+/test-support/'];
const MODULES = '(^|/)node_modules/';
const oneOf = (names) => `(${names.join('|')})`;
const lib = (names) => `^libs/${oneOf(names)}/`;
const npmPackage = (names) => `${MODULES}${oneOf(names)}/`;

const layerRules = layers.flatMap((names, depth) => {
  const below = layers.slice(0, depth).flat();
  return names.map((name) => ({
    name: `layer-${name}`,
    comment: `${name} may know only ${below.join(', ') || 'no other lib'}.`,
    severity: 'error',
    from: { path: lib([name]) },
    to: { path: '^(libs|apps)/', pathNot: lib([...below, name]) },
  }));
});

const forbidden = [
  ...layerRules,
  {
    name: 'no-cycles',
    comment: 'Under ESM a cycle of providers is a crash at load, and forwardRef does not help.',
    severity: 'error',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'enter-libs-by-their-index',
    comment: 'What a lib offers is what its index lists: import it as #name.',
    severity: 'error',
    from: { path: '^(?:libs/([^/]+)|apps|bench)/' },
    to: { path: '^libs/', pathNot: ['^libs/[^/]+/src/index\\.ts$', '^libs/$1/'] },
  },
  {
    name: 'sdk-knows-no-other-lib',
    comment: 'It is a package of its own: what it knows of the service is the OpenAPI document.',
    severity: 'error',
    from: { path: lib(['sdk']), pathNot: [SPEC, ...TEST_SUPPORT] },
    to: { path: '^(libs|apps)/', pathNot: lib(['sdk']) },
  },
  {
    name: 'only-the-command-line-uses-the-sdk',
    comment: 'The service does not call itself.',
    severity: 'error',
    from: { path: '^(libs|apps|bench)/', pathNot: ['^apps/cli/', lib(['sdk']), SPEC, ...TEST_SUPPORT] },
    to: { path: lib(['sdk']) },
  },
  {
    name: 'domain-is-pure',
    comment:
      'domain/ knows domain/ and what is as pure as itself: #contracts, the builder in #context, hashes, and parsers of values. Of other libs only types.',
    severity: 'error',
    from: { path: '^libs/[^/]+/src/domain/', pathNot: SPEC },
    to: {
      pathNot: [
        '^libs/[^/]+/src/domain/',
        '^libs/(contracts|context)/src/index\\.ts$',
        '^(crypto|zlib)$',
        npmPackage(['zod', 'ipaddr.js', 'croner']),
      ],
      dependencyTypesNot: ['type-only'],
    },
  },
  {
    name: 'contracts-are-plain',
    comment: 'Clients and the dashboard share the contracts; they must not drag a server along.',
    severity: 'error',
    from: { path: lib(['contracts']), pathNot: SPEC },
    to: { pathNot: [lib(['contracts']), npmPackage(['zod', 'typeid-js'])] },
  },
  {
    name: 'only-dispatch-knows-queues',
    comment: 'The queue is a doorbell; who rings it asks #dispatch.',
    severity: 'error',
    from: { path: '^(libs|apps|bench)/', pathNot: lib(['dispatch']) },
    to: { path: npmPackage(['bullmq', 'ioredis', '@nestjs/bullmq']) },
  },
  {
    name: 'only-model-knows-anthropic',
    comment: 'Every model request goes through the gateway, which reserves its price first.',
    severity: 'error',
    from: { path: '^(libs|apps|bench)/', pathNot: lib(['model']) },
    to: { path: npmPackage(['@anthropic-ai']) },
  },
  {
    name: 'only-stores-know-the-database',
    comment: 'SQL lives in *.store.ts and in libs/database; types count too.',
    severity: 'error',
    from: {
      path: '^(libs|apps|bench)/',
      pathNot: [lib(['database']), '\\.store\\.ts$', SPEC, ...TEST_SUPPORT],
    },
    to: { path: npmPackage(['pg', '@types/pg', '@prisma', 'prisma']) },
  },
  {
    name: 'apps-are-islands',
    comment: 'Apps share libs, not each other. Only `wavekeeper up` composes them into one process.',
    severity: 'error',
    from: { path: '^apps/([^/]+)/', pathNot: '^apps/cli/src/up' },
    to: { path: '^apps/', pathNot: '^apps/$1/' },
  },
  {
    name: 'simulator-knows-no-ledger',
    comment: 'It stands in for somebody else’s service, so it may not look into ours.',
    severity: 'error',
    from: { path: '^apps/simulator/' },
    to: { path: '^libs/', pathNot: lib(['contracts', 'config', 'telemetry']) },
  },
  {
    name: 'dashboard-knows-only-contracts',
    severity: 'error',
    from: { path: '^apps/dashboard/' },
    to: { path: '^libs/', pathNot: lib(['contracts']) },
  },
  {
    name: 'nothing-that-ships-imports-a-benchmark',
    comment: 'Benchmarks compose apps and libs from outside, like the tests.',
    severity: 'error',
    from: { path: '^(libs|apps)/' },
    to: { path: '^bench/' },
  },
  {
    name: 'nothing-imports-a-spec',
    severity: 'error',
    from: {},
    to: { path: SPEC },
  },
  {
    name: 'only-specs-import-test-support',
    severity: 'error',
    from: { pathNot: [...TEST_SUPPORT, SPEC] },
    to: { path: TEST_SUPPORT },
  },
  {
    name: 'no-unresolvable',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

export default {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: {
      path: [
        '^dist/',
        '^libs/database/src/generated/internal/',
        '^libs/sdk/src/generated/(client|core)/',
        '^libs/sdk/examples/', // programs of somebody who has installed the package
      ],
    },
    tsPreCompilationDeps: true, // types are dependencies too
    tsConfig: { fileName: 'tsconfig.json' },
    // `source` makes #ledger mean libs/ledger/src/index.ts here, as it does for the compiler.
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
