import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BucketReader } from '../../src/bucket/bucket.js';
import { openSource } from '../../src/bucket/sources.js';

const POINTER = 'environments/1/latest.json';
const NO_AWS = {
  accessKeyId: undefined,
  secretAccessKey: undefined,
  sessionToken: undefined,
  region: undefined,
};

let directory: string;
let source: BucketReader;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-folder-'));
  source = await openSource(`file:${directory}`, NO_AWS);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('a folder that copies are read from', () => {
  it('a folder that copies are read from has nothing of an environment when it has others', async () => {
    await mkdir(join(directory, 'environments/2'), { recursive: true });
    expect(await source.read(POINTER)).toEqual({ kind: 'absent' });
  });

  it('a folder that copies are read from is unavailable when it is empty, as the place is where nothing is mounted', async () => {
    await expect(source.read(POINTER)).rejects.toMatchObject({ code: 'bucket_unavailable' });
  });

  it('a folder that copies are read from is unavailable when it is not there', async () => {
    await mkdir(join(directory, 'environments'));
    await rename(directory, `${directory}-gone`);
    await expect(source.read(POINTER)).rejects.toMatchObject({
      code: 'bucket_unavailable',
      message: expect.stringContaining(`The folder ${directory} has no copies`) as string,
    });
    await rm(`${directory}-gone`, { recursive: true });
  });
});
