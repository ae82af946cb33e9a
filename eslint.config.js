import js from '@eslint/js';
import comments from '@eslint-community/eslint-plugin-eslint-comments';
import accessible from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** A file or function over these sizes is split, or a comment says why not: `eslint-disable … -- the reason`. */
export const sizes = {
  files: ['{src,bench,chaos,lab,scripts}/**/*.{ts,mjs}', 'console/src/**/*.{ts,tsx}', 'edge/src/*.ts'],
  plugins: { comments },
  rules: {
    'max-lines': ['error', { max: 300 }],
    'max-lines-per-function': ['error', { max: 60 }],
    'comments/require-description': 'error',
  },
};

/** Garbage collection takes such a signal: see src/core/time-limit.ts. */
const timeLimits = {
  files: ['src/**/*.ts'],
  ignores: ['src/core/time-limit.ts'],
  rules: {
    'no-restricted-syntax': [
      'error',
      {
        selector: "CallExpression[callee.property.name='any'] CallExpression[callee.property.name='timeout']",
        message: 'Use withTimeLimit: a timeout that only AbortSignal.any refers to may never end.',
      },
    ],
  },
};

const READS_ON =
  'is|are|has|have|had|was|were|may|can|cannot|must|does|do|of|that|which|with|without|and|in|at|by|for|from|on|to';

/** A title of a test is found by search, so it names its subject and does not read on from its group. */
export const titles = {
  files: ['{test,edge}/**/*.test.ts'],
  rules: {
    'no-restricted-syntax': [
      'error',
      ...[`Literal[value=/^(${READS_ON}) /]`, `TemplateLiteral[quasis.0.value.raw=/^(${READS_ON}) /]`].map(
        (title) => ({
          selector: `CallExpression:matches([callee.name=/^(it|test)$/], [callee.callee.object.name=/^(it|test)$/]) > ${title}:first-child`,
          message: 'Name the subject in the title: it stands alone, without its describe.',
        }),
      ),
    ],
  },
};

export default tseslint.config(
  {
    // edge/src/main.ts: its types are in packages of its own, which only tests install; they compile it.
    // src/admin/schema.ts: it is generated.
    ignores: ['dist/', 'node_modules/', 'coverage/', 'data/', 'edge/src/main.ts', 'src/admin/schema.ts'],
  },
  js.configs.recommended,
  sizes,
  titles,
  timeLimits,
  {
    files: ['console/public/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'HTMLScriptElement',
          'HTMLLinkElement',
          'sessionStorage',
          'setTimeout',
          'location',
          'document',
          'addEventListener',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Ids, ports and counts are printed all the time; a bigint or number in a template is no accident.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['console/src/**/*.tsx'],
    extends: [accessible.flatConfigs.strict],
    plugins: { 'react-hooks': hooks },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', 'chaos/**/*.ts', 'lab/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
);
