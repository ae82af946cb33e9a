/** The library in one file, as an application ships it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSource } from './fake-source.js';

const ROOT = join(import.meta.dirname, '../..');
/** docs/client.md names these. Bytes after gzip. */
const LIMITS = { all: 70_000, withoutRegularExpressions: 22_000 };

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'hf-bundle-'))));
afterAll(() => rm(folder, { recursive: true }));

async function bundled(source: string, platform: 'browser' | 'node', external: string[] = []) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, loader: 'ts', resolveDir: ROOT },
    bundle: true,
    write: false,
    minify: true,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    platform,
    external,
    logLevel: 'silent',
  });
  return { text: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) };
}

const LIBRARY = `export { createClient } from './src/client/index.js';`;

describe('the bundle', () => {
  it('the bundle has nothing of Node, of the server, nor of protobufjs in it', async () => {
    const { inputs } = await bundled(LIBRARY, 'browser');
    const foreign = inputs.filter((path) => !/^src\/(client|core|evaluate|ruleset)|^<stdin>/.test(path));
    expect(foreign).toEqual(['node_modules/re2js/build/index.js']);
  });

  it('the bundle is as small as the documents say', async () => {
    const all = await bundled(LIBRARY, 'browser');
    const without = await bundled(LIBRARY, 'browser', ['re2js']);
    expect(gzipSync(all.text, { level: 9 }).length).toBeLessThan(LIMITS.all);
    expect(gzipSync(without.text, { level: 9 }).length).toBeLessThan(LIMITS.withoutRegularExpressions);
  });

  it('the bundle lets a process end that has closed its client, and makes no code at run time, which content policies refuse', async () => {
    const source = await startSource();
    const script = join(folder, 'closes.mjs');
    const code = `
      import { createClient } from './src/client/index.js';
      import { inFile } from './src/client/node.js';
      const client = createClient({ key: 'any', sources: ['${source.url}'], lastGood: inFile('${folder}/saved') });
      await client.ready();
      while (client.status().state !== 'streaming') await new Promise((resolve) => setTimeout(resolve, 10));
      await client.close();
      console.log(client.get('a'), JSON.stringify(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')));
    `;
    await writeFile(script, (await bundled(code, 'node')).text);
    const strict = '--disallow-code-generation-from-strings';
    const { stdout } = await promisify(execFile)(process.execPath, [strict, script], { timeout: 10_000 });
    await source.close();
    expect(stdout.trim()).toBe('true []');
  });

  it('the bundle lets a process end whose client is not awaited and reaches no source', async () => {
    const script = join(folder, 'alone.mjs');
    const code = `
      import { createClient } from './src/client/index.js';
      createClient({ key: 'any', sources: ['http://127.0.0.1:1'], onWarning: () => undefined });
    `;
    await writeFile(script, (await bundled(code, 'node')).text);
    await promisify(execFile)(process.execPath, [script], { timeout: 10_000 });
  });
});
