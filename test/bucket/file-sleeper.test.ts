/** A writer to a folder that falls asleep in the middle of a write, between looking and making. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type * as Fs from 'node:fs/promises';
import { FileBucket } from '../../src/bucket/file.js';
import { removeDirectory, temporaryDirectory } from '../store/fixtures.js';
import { textAt } from './bucket-contract.js';

/** The hook before the next link is made. Everything else is the file system's own. */
const sleep = vi.hoisted(() => ({ before: undefined as (() => Promise<void>) | undefined }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof Fs>();
  const link: typeof Fs.link = async (from, to) => {
    const { before } = sleep;
    sleep.before = undefined;
    await before?.();
    return real.link(from, to);
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
