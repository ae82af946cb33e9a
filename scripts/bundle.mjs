/**
 * `node scripts/bundle.mjs`: the first step of `npm run build`. It builds the server and the command line, with the packages that they use, into `dist/main.js` and `dist/parts`.
 * Node spends most of a start on finding, reading and linking modules, and there are about a thousand of them; bundled there are few. What is
 * imported when it is needed stays a part of its own.
 */
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Packages that are not modules call `require`, which a module does not have. */
const REQUIRE = [
  "import { createRequire as requireOfThisModule } from 'node:module';",
  'const require = requireOfThisModule(import.meta.url);',
].join('\n');

const dist = join(root, 'dist');
const { metafile, outputFiles } = await build({
  entryPoints: [join(root, 'src/main.ts')],
  outdir: dist,
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  chunkNames: 'parts/[name]-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // Some packages read the names of their classes; nameClassesOnly keeps no others.
  keepNames: true,
  sourcemap: true,
  banner: { js: REQUIRE },
  metafile: true,
  write: false,
  logLevel: 'warning',
});
nameClassesOnly(outputFiles).forEach(([path, text]) => {
  mkdirSync(dirname(path), { recursive: true });
  // dist/main.js can be called by its name.
  const mode = text.startsWith('#!') ? 0o755 : 0o644;
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
});
// Parts have a hash of their content in their names, so those of earlier builds stay. They go only now: a server may be starting.
for (const name of readdirSync(join(dist, 'parts'))) {
  if (!(`dist/parts/${name}` in metafile.outputs)) rmSync(join(dist, 'parts', name));
}

/**
 * Returns paths and texts of a build, changed so that only classes are named, and of these only those that esbuild gave another name. It
 * names each closure whenever it is made, which took a tenth of the processor time of a commit. And a name that is defined again, even the
 * same, leaves a class with a hidden class that V8 11 calls unstable: it then compiles whatever constructs a subclass again and again, and
 * throws the code away each time (`--trace-compilation-dependencies`: StableMapDependency).
 */
function nameClassesOnly(files) {
  const helper = 'var __name = (target, value) => __defProp(target, "name", { value, configurable: true });';
  const ours =
    'var __name = (target, value, isClass) => isClass && target.name !== value ? __defProp(target, "name", { value, configurable: true }) : target;';
  const texts = files.map(({ path, text }) => [
    path,
    text.replace(helper, ours).replaceAll(/\b__name\(this, ("[^"]+")\)/g, '__name(this, $1, true)'),
  ]);
  const named = texts.some(([, text]) => /__name\(this, "[^"]+", true\)/.test(text));
  if (!named || texts.filter(([, text]) => text.includes(ours)).length !== 1) {
    throw new Error('esbuild names functions in another way than this script knows: change nameClassesOnly.');
  }
  return texts;
}
