/** Folders as buckets: the contract, between processes too, and crashes. */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FileBucket } from '../../src/bucket/file.js';
import { removeDirectory, temporaryDirectory } from '../store/fixtures.js';
import { bucketContract, textAt } from './bucket-contract.js';

const AS = { contentType: 'text/plain', cacheControl: 'no-cache' };
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const directories: string[] = [];

async function folder(): Promise<string> {
  const directory = await temporaryDirectory();
  directories.push(directory);
  return directory;
}

afterAll(() => Promise.all(directories.map(removeDirectory)));

bucketContract('a folder', async () => {
  const root = await folder();
  return {
    open: (place) => Promise.resolve(new FileBucket(join(root, place))),
    stop: () => Promise.resolve(),
  };
});

describe('a folder that several processes write to', () => {
  it('a folder that several processes write to loses no success', async () => {
    const directory = await folder();
    const worker = join(import.meta.dirname, 'file-incrementer.ts');
    const processes = Array.from({ length: 3 }, () =>
      fork(worker, [directory, '40'], {
        execArgv: ['--import', 'tsx'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
    );
    const successes = await Promise.all(
      processes.map(async (child) => Number((await once(child, 'message'))[0])),
    );
    const total = successes.reduce((sum, each) => sum + each, 0);
    expect(await textAt(new FileBucket(directory), 'counter')).toBe(`${total}`);
    expect(await readFile(join(directory, 'counter'), 'utf8')).toBe(`${total}`);
    expect(total).toBeGreaterThanOrEqual(40);
  });
});

describe('a folder', () => {
  it('a folder shows other programs the newest content under the plain name, and nothing of how it came about', async () => {
    const directory = await folder();
    const bucket = new FileBucket(directory);
    for (const text of ['one', 'two', 'three']) await bucket.write('a/latest.json', bytes(text), AS);
    expect(await readFile(join(directory, 'a/latest.json'), 'utf8')).toBe('three');
    // The plain name and the highest generation, and nothing else.
    expect((await readdir(join(directory, 'a'))).sort()).toEqual(['latest.json', 'latest.json.~2']);
  });

  it('a folder goes on from the newest generation when a writer died before it became the plain file', async () => {
    const directory = await folder();
    const bucket = new FileBucket(directory);
    await bucket.write('latest.json', bytes('one'), AS);
    await writeFile(join(directory, 'latest.json.~1'), 'two');
    expect(await textAt(bucket, 'latest.json')).toBe('two');
    await bucket.write('latest.json', bytes('three'), AS);
    expect(await textAt(bucket, 'latest.json')).toBe('three');
    expect(await readFile(join(directory, 'latest.json'), 'utf8')).toBe('three');
  });

  it('a folder refuses a writer that slept while others wrote, also when its generation is free again', async () => {
    const directory = await folder();
    const bucket = new FileBucket(directory);
    await bucket.write('latest.json', bytes('one'), AS);
    await bucket.write('latest.json', bytes('two'), AS);
    const slept = await bucket.read('latest.json');
    if (slept.kind !== 'found') throw new Error(slept.kind);
    for (const text of ['three', 'four', 'five']) await bucket.write('latest.json', bytes(text), AS);
    const condition = { etag: slept.etag };
    expect(await bucket.write('latest.json', bytes('old'), { ...AS, condition })).toEqual({
      kind: 'conflict',
    });
    expect(await textAt(bucket, 'latest.json')).toBe('five');
  });

  it('a folder ignores half-written files of writers that died, and takes them away after an hour', async () => {
    const directory = await folder();
    const bucket = new FileBucket(directory);
    await bucket.write('a', bytes('one'), AS);
    const left = join(directory, '.tmp-left');
    await writeFile(left, 'tw');
    const listed: string[] = [];
    for await (const { name } of bucket.list('')) listed.push(name);
    expect(listed).toEqual(['a']);
    await bucket.write('b', bytes('x'), AS);
    expect(await readdir(directory)).toContain('.tmp-left');
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
    await utimes(left, longAgo, longAgo);
    await bucket.write('c', bytes('x'), AS);
    expect((await readdir(directory)).sort()).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
    ['a device', (path: string) => symlinkSync('/dev/zero', path)],
    ['a folder', (path: string) => mkdirSync(path)],
  ])('a folder refuses %s in the place of a file, and does not wait for it', async (_what, make) => {
    const directory = await folder();
    make(join(directory, 'a'));
    await expect(new FileBucket(directory).read('a')).rejects.toMatchObject({
      code: 'bucket_unavailable',
      message: expect.stringContaining('is no file') as string,
    });
  });

  it('a folder follows a link to a file, which volumes of Kubernetes are made of', async () => {
    const directory = await folder();
    await writeFile(join(directory, 'b'), 'content');
    symlinkSync('b', join(directory, 'a'));
    expect(await textAt(new FileBucket(directory), 'a')).toBe('content');
  });

  it('a folder is tidied without following links to other folders', async () => {
    const [directory, other] = [await folder(), await folder()];
    for (const each of [directory, other]) await writeFile(join(each, '.tmp-1'), 'left');
    symlinkSync(other, join(directory, 'other'));
    symlinkSync(directory, join(directory, 'self'));
    const bucket = new FileBucket(directory);
    await bucket.removeTemporary();
    expect(await readdir(other)).toEqual(['.tmp-1']);
    expect((await readdir(directory)).sort()).toEqual(['other', 'self']);
    await bucket.removeFolder('other/');
    expect(await readdir(other)).toEqual(['.tmp-1']);
  });

  it('a folder ends a write whose name is removed at the same time', async () => {
    const bucket = new FileBucket(await folder());
    const writeAndRemove = async (): Promise<void> => {
      for (let i = 0; i < 25; i++) {
        await bucket.write('a', bytes('one'), AS);
        await bucket.remove('a');
      }
    };
    await Promise.all(Array.from({ length: 4 }, writeAndRemove));
    await bucket.write('a', bytes('last'), AS);
    expect(await textAt(bucket, 'a')).toBe('last');
  });

  it('a folder says what is wrong when it cannot be written to', async () => {
    const directory = await folder();
    await writeFile(join(directory, 'a'), 'a file');
    await expect(new FileBucket(directory).write('a/b', bytes('x'), AS)).rejects.toMatchObject({
      code: 'bucket_unavailable',
      message: expect.stringContaining('must be a folder that can be written to') as string,
    });
  });
});
