/** A writer to a folder that falls asleep in the middle of a write, between looking and making. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type * as Fs from 'node:fs/promises';
import { FileBucket } from '../../src/bucket/file.js';
import { removeDirectory, temporaryDirectory } from '../store/fixtures.js';
import { textAt } from './bucket-contract.js';

type Hook = (() => Promise<void>) | undefined;

/**
 * The hooks before the next link is made, and after a generation is made. Everything else is the
 * file system's own.
 */
const sleep = vi.hoisted(() => ({ before: undefined as Hook, after: undefined as Hook }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof Fs>();
  const link: typeof Fs.link = async (from, to) => {
    const { before } = sleep;
    sleep.before = undefined;
    await before?.();
    await real.link(from, to);
    if (!/\.~\d+$/.test(String(to))) return;
    const { after } = sleep;
    sleep.after = undefined;
    await after?.();
  };
  return { ...real, link };
});

const AS = { contentType: 'text/plain', cacheControl: 'no-cache' };
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
let directory: string;

beforeAll(async () => {
  directory = await temporaryDirectory();
});

afterAll(() => removeDirectory(directory));

it.each([1, 2, 3])(
  'finds that it came too late after %i writes of others, and changes nothing',
  async (writes) => {
    const name = `${writes}/latest.json`;
    const bucket = new FileBucket(directory);
    await bucket.write(name, bytes('first'), AS);
    const reading = await bucket.read(name);
    if (reading.kind !== 'found') throw new Error(reading.kind);
    sleep.before = async () => {
      for (let i = 1; i <= writes; i++) await new FileBucket(directory).write(name, bytes(`newer ${i}`), AS);
    };
    const condition = { etag: reading.etag };
    expect(await bucket.write(name, bytes('old'), { ...AS, condition })).toEqual({ kind: 'conflict' });
    expect(await textAt(bucket, name)).toBe(`newer ${writes}`);
  },
);

it.each([
  [0, 1],
  [0, 3],
  [1, 1],
  [5, 1],
  [5, 4],
])(
  'finds that it succeeded, after %i writes before, although %i were built on it while it slept',
  async (before, writes) => {
    const name = `built-on/${before}-${writes}/latest.json`;
    const bucket = new FileBucket(directory);
    for (let i = 0; i <= before; i++) await bucket.write(name, bytes(`before ${i}`), AS);
    const reading = await bucket.read(name);
    if (reading.kind !== 'found') throw new Error(reading.kind);
    sleep.after = async () => {
      for (let i = 1; i <= writes; i++) {
        const other = new FileBucket(directory);
        const found = await other.read(name);
        if (found.kind !== 'found') throw new Error(found.kind);
        expect(Buffer.from(found.bytes).toString()).toBe(i === 1 ? 'mine' : `newer ${i - 1}`);
        const condition = { etag: found.etag };
        expect(await other.write(name, bytes(`newer ${i}`), { ...AS, condition })).toEqual({
          kind: 'written',
        });
      }
    };
    const condition = { etag: reading.etag };
    expect(await bucket.write(name, bytes('mine'), { ...AS, condition })).toEqual({ kind: 'written' });
    expect(await textAt(bucket, name)).toBe(`newer ${writes}`);
    await bucket.write(name, bytes('last'), AS);
    const left = await readdir(join(directory, dirname(name)));
    expect(left.sort()).toEqual(['latest.json', `latest.json.~${before + writes + 2}`]);
  },
);
