/**
 * `node scripts/pack-node.mjs COMMIT`: packs the server of a commit into one file, test/upgrade/node-COMMIT.mjs.gz, with the packages that are
 * installed now. The tests of upgrades run it next to the present one: a clone in CI may have no history to build it from.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const [, , commit = ''] = process.argv;
if (!/^[0-9a-f]{7,40}$/.test(commit)) {
  console.error('usage: node scripts/pack-node.mjs COMMIT');
  process.exit(2);
}

/** What packages that are not modules find missing in one. */
const BANNER = [
  "import { createRequire as packedRequire } from 'node:module';",
  "import { fileURLToPath as packedPath } from 'node:url';",
  'const require = packedRequire(import.meta.url);',
  'const __filename = packedPath(import.meta.url);',
].join('\n');

const dir = mkdtempSync(join(tmpdir(), 'holdfast-pack-'));
try {
  const archive = execFileSync('git', ['archive', commit, 'src', 'package.json'], {
    cwd: root,
    maxBuffer: 1 << 28,
  });
  execFileSync('tar', ['x', '-C', dir], { input: archive });
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  const outfile = join(dir, 'dist/main.mjs');
  await build({
    entryPoints: [join(dir, 'src/main.ts')],
    outfile,
    bundle: true,
    minify: true,
    keepNames: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: BANNER },
  });
  const packed = gzipSync(readFileSync(outfile), { level: 9 });
  const file = join(root, `test/upgrade/node-${commit.slice(0, 7)}.mjs.gz`);
  writeFileSync(file, packed);
  console.log(`${file}: ${packed.length} bytes`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
