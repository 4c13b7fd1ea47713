// Lint rules: typescript-eslint's strict type-checked set, and the house rules that keep clock,
// randomness and the environment in their rooms.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const clockAndChance = [
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'Take a Clock (src/kernel/clock.ts).',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Take a Clock (src/kernel/clock.ts).',
  },
  {
    selector: "MemberExpression[object.name='performance'][property.name='now']",
    message: 'Take a Clock (src/kernel/clock.ts).',
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'Take a Random (src/kernel/random.ts).',
  },
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'Only main.ts reads the environment.',
  },
];
const language = [
  { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
  { selector: 'ExportDefaultDeclaration', message: 'Use named exports.' },
];
const logMessages = [
  {
    selector:
      'CallExpression[callee.property.name=/^(debug|info|warn|error)$/] > Literal.arguments:first-child[value!=/^[A-Z].*\\.$/]',
    message: 'Log a sentence: a capital letter, a period; what varies goes into the fields.',
  },
];

export default defineConfig(
  { ignores: ['dist', 'coverage', 'node_modules', 'docs/generated'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      'no-restricted-syntax': ['error', ...language],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.test.ts'],
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60 }],
      complexity: ['error', 10],
      'no-restricted-syntax': ['error', ...language, ...clockAndChance, ...logMessages],
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate'].map((name) => ({
          name,
          message: 'Take a Clock (src/kernel/clock.ts).',
        })),
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'node:crypto',
              importNames: ['randomBytes', 'randomUUID', 'randomInt'],
              message: 'Take a Random (src/kernel/random.ts).',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/main.ts', 'src/kernel/clock.ts', 'src/kernel/random.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...language],
      'no-restricted-globals': 'off',
      'no-restricted-imports': 'off',
    },
  },
  {
    files: [
      ...['src/main.ts', 'demo/main.ts', 'test/neighbours/*.ts', 'test/parity/main.ts'],
      ...['bench/**/*.ts', 'docs/*.ts'],
    ],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
