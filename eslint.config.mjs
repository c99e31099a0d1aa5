import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const SPECS = ['**/*.spec.ts', '**/test/**/*.ts', '**/test-support/**/*.ts'];

const limits = {
  eqeqeq: 'error',
  'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
  'max-params': ['error', 5],
  complexity: ['error', 15],
};

const everywhere = [
  {
    selector: 'ExportAllDeclaration',
    message: 'List the names: what a lib offers is decided in its index, not by accident.',
  },
];
const noEnvironment = [
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'The environment is read once, in libs/config; take a typed setting instead.',
  },
  {
    selector: "ImportDeclaration[source.value=/^(node:)?process$/] ImportSpecifier[imported.name='env']",
    message: 'The environment is read once, in libs/config; take a typed setting instead.',
  },
];

const onlyDecisions = [
  { selector: 'ClassDeclaration, ClassExpression', message: 'domain/ is functions over plain values.' },
  { selector: ':function[async=true]', message: 'domain/ decides, it waits for nothing.' },
  {
    selector:
      "NewExpression[callee.name='Date'][arguments.length=0], MemberExpression[object.name='Date'][property.name='now']",
    message: 'Take `now` as an argument.',
  },
  {
    selector:
      "MemberExpression[object.name='Math'][property.name='random'], ImportDeclaration[source.value=/crypto$/] ImportSpecifier[imported.name=/^random/]",
    message: 'Take `random` as an argument.',
  },
];

export default defineConfig(
  globalIgnores([
    'node_modules',
    'dist',
    'coverage',
    'libs/*/src/generated',
    'apps/dashboard/src/api/generated',
  ]),
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [
      js.configs.recommended,
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
    ],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['prisma.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      ...limits,
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...everywhere, ...noEnvironment],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // Nest declares its option types as classes and takes plain objects for them.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/consistent-type-exports': [
        'error',
        { fixMixedExportsWithInlineTypeSpecifier: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Nest's modules and controllers are classes that may have nothing but their decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-misused-spread': [
        'error',
        { allow: [{ from: 'lib', name: 'string' }, 'string'] },
      ], // code points are meant
      '@typescript-eslint/no-empty-function': ['error', { allow: ['arrowFunctions'] }],
      // `return print(…)` is a plain way to leave early.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      'no-control-regex': 'off', // text from outside is cleaned of control characters
      // Both forms have their place: a `type` is closed, an `interface` is named in messages.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // A method that must return a promise needs no `await` in it.
      '@typescript-eslint/require-await': 'off',
      // `index['key']` is how tsc wants the unsure read to look; see noPropertyAccessFromIndexSignature.
      '@typescript-eslint/dot-notation': 'off',
    },
  },
  {
    files: ['libs/*/src/domain/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...everywhere, ...noEnvironment, ...onlyDecisions] },
  },
  {
    // Each main hands the environment to loadConfig; the SDK, a package of its own, reads it in one file.
    files: [
      'apps/*/src/main.ts',
      'libs/config/**/*.ts',
      'libs/sdk/src/connection.ts',
      'prisma.config.ts',
      ...SPECS,
    ],
    rules: { 'no-restricted-syntax': ['error', ...everywhere] },
  },
  {
    files: SPECS,
    rules: {
      'max-lines-per-function': 'off', // `describe` is one function
      '@typescript-eslint/unbound-method': 'off', // expect(port.method) is compared, not called
      // The body of an HTTP response is `any` in supertest; the expectations are what checks it.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['**/*.mjs'],
    extends: [js.configs.recommended],
    languageOptions: {
      globals: Object.fromEntries(
        ['Buffer', 'URL', 'WebAssembly', 'console', 'fetch', 'performance', 'process'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
    rules: limits,
  },
);
