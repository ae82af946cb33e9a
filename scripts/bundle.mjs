/**
 * `node scripts/bundle.mjs`: the first step of `npm run build`. It builds the server and the command line, with the packages that they use, into `dist/main.js` and `dist/parts`.
 * Node spends most of a start on finding, reading and linking modules, and there are about a thousand of them; bundled there are few. What is
 * imported when it is needed stays a part of its own.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Packages that are not modules call `require`, which a module does not have. */
const REQUIRE = [
  "import { createRequire as requireOfThisModule } from 'node:module';",
  'const require = requireOfThisModule(import.meta.url);',
].join('\n');

const dist = join(root, 'dist');
const { metafile } = await build({
  entryPoints: [join(root, 'src/main.ts')],
  outdir: dist,
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  chunkNames: 'parts/[name]-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // Names of functions and classes are read in stack traces, and some packages read them too.
  keepNames: true,
  sourcemap: true,
  banner: { js: REQUIRE },
  metafile: true,
  logLevel: 'warning',
});
// Parts have a hash of their content in their names, so those of earlier builds stay. They go only now: a server may be starting.
for (const name of readdirSync(join(dist, 'parts'))) {
  if (!(`dist/parts/${name}` in metafile.outputs)) rmSync(join(dist, 'parts', name));
}
