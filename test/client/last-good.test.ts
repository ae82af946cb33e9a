import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inLocalStorage, inMemory, type LastGood } from '../../src/client/index.js';
import { inFile } from '../../src/client/node.js';
import { Saver } from '../../src/client/saver.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'hf-last-good-'))));
afterEach(() => rm(folder, { recursive: true }));

function pageStorage(): {
  getItem: (name: string) => string | null;
  setItem: (name: string, value: string) => void;
} {
  const items = new Map<string, string>();
  return { getItem: (name) => items.get(name) ?? null, setItem: (name, value) => items.set(name, value) };
}

describe.each<[string, () => LastGood]>([
  ['memory', inMemory],
  ['a file', () => inFile(join(folder, 'folder', 'file'))],
  ['localStorage', () => inLocalStorage('name', pageStorage())],
])('the last good ruleset in %s', (_, make) => {
  it('the saved message is nothing at first', async () => {
    expect(await make().load()).toBeUndefined();
  });

  it('the saved message is what was saved last, every byte of it', async () => {
    const lastGood = make();
    const bytes = Uint8Array.from({ length: 256 }, (_each, index) => index);
    await lastGood.save(Uint8Array.of(1));
    await lastGood.save(bytes);
    expect(Buffer.from((await lastGood.load())!)).toEqual(Buffer.from(bytes));
  });
});

describe('a file', () => {
  it('a file is left as it was when it cannot be replaced, and nothing stays next to it', async () => {
    const path = join(folder, 'file');
    await mkdir(path);
    await writeFile(join(path, 'in-the-way'), '');
    await expect(inFile(path).save(Uint8Array.of(1))).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['file']);
  });
});

describe('localStorage', () => {
  it('localStorage that a browser forbids is an error only when it is used', async () => {
    const lastGood = inLocalStorage();
    await expect(lastGood.load()).rejects.toThrow();
  });
});

describe('saving', () => {
  const clock = () => {
    const timers: (() => void)[] = [];
    return {
      setTimer: (callback: () => void) => {
        timers.push(callback);
        return () => undefined;
      },
      ring: () => timers.splice(0).forEach((callback) => callback()),
    };
  };
  const bytes = (value: number) => Uint8Array.of(value);

  it('writes the last state, one write at a time, and rests in between', async () => {
    const { setTimer, ring } = clock();
    const written: number[] = [];
    let state = 1;
    const lastGood: LastGood = {
      load: () => Promise.resolve(undefined),
      save: ([value]) => {
        written.push(value!);
        return Promise.resolve();
      },
    };
    const saver = new Saver(
      lastGood,
      () => bytes(state),
      setTimer,
      () => undefined,
    );
    for (state = 1; state < 10; state++) saver.changed();
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual([1]);
    ring();
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual([1, 10]);
    state = 11;
    saver.changed();
    await saver.close();
    expect(written).toEqual([1, 10, 11]);
  });

  it('saving that fails is a warning, and is tried again with the next change', async () => {
    const { setTimer, ring } = clock();
    const warnings: string[] = [];
    let tries = 0;
    const lastGood: LastGood = {
      load: () => Promise.resolve(undefined),
      save: () => {
        tries++;
        return Promise.reject(new Error('the disk is full'));
      },
    };
    const saver = new Saver(
      lastGood,
      () => bytes(1),
      setTimer,
      (text) => warnings.push(text),
    );
    saver.changed();
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual(['the ruleset could not be saved: the disk is full']);
    saver.changed();
    ring();
    await saver.close();
    expect(tries).toBe(2);
  });
});
