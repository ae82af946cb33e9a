import { mkdir, mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDirectory, replaceFile } from '../../src/core/durable-file.js';

const bytes = (text: string): Buffer => Buffer.from(text);

describe('replaceFile', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hf-durable-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('replaces the content and leaves no other file behind', async () => {
    const path = join(folder, 'name');
    await replaceFile(path, [bytes('old')]);
    await replaceFile(path, [bytes('n'), bytes('ew')]);
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['name']);
  });

  it('makes the file readable by its owner alone', async () => {
    const path = join(folder, 'name');
    await replaceFile(path, [bytes('secret')]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('keeps the old content and removes the temporary file when writing fails', async () => {
    const path = join(folder, 'name');
    await replaceFile(path, [bytes('old')]);
    function* failing(): Generator<Buffer> {
      yield bytes('half');
      throw new Error('no space');
    }
    await expect(replaceFile(path, failing())).rejects.toThrow('no space');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['name']);
  });

  it('lets several writers replace a shared file at the same time', async () => {
    const path = join(folder, 'name');
    const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(1000));
    await Promise.all(texts.map((text) => replaceFile(path, [bytes(text)], { shared: true })));
    expect(texts).toContain(await readFile(path, 'utf8'));
    expect(await readdir(folder)).toEqual(['name']);
  });

  it('rejects and leaves nothing when the path is a directory', async () => {
    await mkdir(join(folder, 'name', 'below'), { recursive: true });
    await expect(replaceFile(join(folder, 'name'), [bytes('x')])).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['name']);
  });
});

describe('makeDirectory', () => {
  it('creates all missing levels, and accepts that the directory exists', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hf-durable-'));
    const path = join(folder, 'a/b');
    await makeDirectory(path);
    await makeDirectory(path);
    expect((await stat(path)).isDirectory()).toBe(true);
    await rm(folder, { recursive: true, force: true });
  });
});
