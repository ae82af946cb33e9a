/**
 * The import rules of src: layers, lowest first. A folder imports from its own layer and the ones below, never from above, and no imports
 * form a cycle, types included. CONTRIBUTING.md has the picture; `node scripts/check-structure.mjs` runs this.
 */
const LAYERS = [
  ['core', 'observe'],
  ['ruleset'],
  ['words'],
  ['evaluate', 'store', 'bucket', 'grip', 'flag-file', 'import'],
  ['keys', 'operators', 'oidc', 'leader', 'replica', 'config'],
  ['commit', 'publish', 'subscribe', 'belt', 'cdn', 'canary', 'fleet'],
  ['recovery', 'inbox', 'prefab', 'ofrep', 'delivery'],
  ['http'],
  ['app'],
  ['cli'],
];

const folders = (layers) => `^src/(${layers.flat().join('|')})/`;

const upward = LAYERS.slice(0, -1).map((layer, i) => ({
  name: `${layer.join('-')}-imports-no-higher-layer`,
  severity: 'error',
  comment: `${layer.join(', ')} must not depend on the layers above`,
  from: { path: folders([layer]) },
  to: { path: [folders(LAYERS.slice(i + 1)), '^src/(client/|admin/|main\\.ts$)'] },
}));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'client-imports-pure-layers-only',
      severity: 'error',
      comment: 'the client library is an export of its own and runs in browsers',
      from: { path: '^src/client/' },
      to: { path: '^src/', pathNot: '^src/(client|core|ruleset|evaluate)/' },
    },
    {
      name: 'admin-imports-nothing-of-src',
      severity: 'error',
      comment: 'the client of the administration is an export of its own and runs in browsers',
      from: { path: '^src/admin/' },
      to: { path: '^src/', pathNot: '^src/admin/' },
    },
    {
      name: 'console-imports-pure-layers-only',
      severity: 'error',
      comment: 'the console runs in browsers; what it needs of src is pure',
      from: { path: '^console/' },
      to: {
        path: '^src/',
        pathNot: '^src/((client|core|ruleset|evaluate|words|admin)/|delivery/model\\.ts$)',
      },
    },
    {
      name: 'nothing-imports-the-console',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^console/' },
    },
    {
      name: 'nothing-imports-main',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/main\\.ts$' },
    },
    {
      name: 'folder-is-in-a-layer',
      severity: 'error',
      comment: 'a new folder of src needs a place among the layers',
      from: { path: '^src/', pathNot: [folders(LAYERS), '^src/(client/|admin/|main\\.ts$)'] },
      to: {},
    },
    {
      name: 'only-main-at-the-root',
      severity: 'error',
      from: { path: '^src/(?!main\\.ts$)[^/]+\\.ts$' },
      to: {},
    },
    {
      name: 'only-grip-imports-fanoutio',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/grip/' },
      to: { path: '@fanoutio/' },
    },
    {
      name: 'only-http-imports-express',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(http|app)/' },
      to: { path: '^(node_modules/)?(@types/)?express/' },
    },
    {
      name: 'only-redis-store-imports-ioredis',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/store/redis/' },
      to: { path: 'node_modules/ioredis/' },
    },
    { name: 'no-cycle', severity: 'error', from: { path: '^(src|console)/' }, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.mjs'],
      conditionNames: ['import', 'types', 'default'],
    },
  },
};
