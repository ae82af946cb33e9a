/**
 * Stores that speak the S3 protocol: the contract, with and without conditional writes, and
 * everything that can go wrong on the way.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedCredentials } from '../../src/bucket/credentials.js';
import { parseBucketLocation, type S3BucketLocation } from '../../src/bucket/location.js';
import { openBucket } from '../../src/bucket/open.js';
import { S3Bucket } from '../../src/bucket/s3.js';
import { startS3, type S3Setup } from '../support/s3.js';
import { bucketContract } from './bucket-contract.js';

const NO_AWS = {
  accessKeyId: undefined,
  secretAccessKey: undefined,
  sessionToken: undefined,
  region: undefined,
};
const AS = { contentType: 'text/plain', cacheControl: 'no-cache' };
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** A prefix per place keeps them apart. */
const at = (url: string, place: string) => openBucket(url.replace('?', `/${place}?`), NO_AWS);

for (const conditions of ['kept', 'ignored'] as const) {
  bucketContract(
    `S3 with conditions that are ${conditions}`,
    async () => {
      const s3 = await startS3({ conditions: conditions === 'kept' });
      return { open: (place) => at(s3.url, place), stop: () => s3.stop() };
    },
    conditions,
  );
}

/*
 * HOLDFAST_TEST_BUCKET=s3://… runs the contract against that bucket too, below a new prefix. Without it nothing is left out: the contract
 * has run above. docs/belt.md says which stores it was run against.
 */
const real = process.env.HOLDFAST_TEST_BUCKET;
if (real !== undefined) {
  const run = `test-${Date.now()}`;
  bucketContract('the one that HOLDFAST_TEST_BUCKET names', () =>
    Promise.resolve({
      open: (place) => at(real.includes('?') ? real : `${real}?`, `${run}/${place}`),
      stop: () => Promise.resolve(),
    }),
  );
}

describe('an S3 bucket', () => {
  let s3: S3Setup;
  let bucket: S3Bucket;
  beforeAll(async () => {
    s3 = await startS3();
    const location = parseBucketLocation(s3.url, NO_AWS) as S3BucketLocation;
    const credentials = fixedCredentials(location.credentials!);
    bucket = new S3Bucket(location, { credentials, requestMs: 300 });
  });
  afterAll(() => s3.stop());

  it.each([
    ['answers 503', { status: 503 }, 'answered 503'],
    ['refuses the credentials', { status: 403 }, 'Look at the credentials'],
    ['redirects', { status: 301 }, 'Look at endpoint and region'],
    ['resets the connection', 'reset', 'cannot be reached'],
    ['takes the request and never answers', 'hang', 'no answer within 300 ms'],
    ['stops half way through the answer', 'cut', 'cannot be reached'],
  ] as const)(
    'an S3 bucket that %s is unavailable, and the error says why',
    async (_what, fault, message) => {
      s3.fault(() => undefined);
      await bucket.write('a', bytes('x'.repeat(1000)), AS);
      s3.fault(() => fault);
      const error = { code: 'bucket_unavailable', message: expect.stringContaining(message) as string };
      await expect(bucket.read('a')).rejects.toMatchObject(error);
      if (fault !== 'cut') await expect(bucket.write('a', bytes('y'), AS)).rejects.toMatchObject(error);
      s3.fault(() => undefined);
      expect(await bucket.read('a')).toMatchObject({ kind: 'found', bytes: bytes('x'.repeat(1000)) });
    },
  );

  it('an S3 bucket that does not know the key is unavailable, and the error has no secret in it', async () => {
    const wrong = await openBucket(s3.url.replace('S3RVER:S3RVER@', 'nobody:not-the-secret@'), NO_AWS);
    const error: unknown = await wrong.write('a', bytes('x'), AS).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'bucket_unavailable' });
    expect(String(error)).toContain('InvalidAccessKeyId');
    expect(String(error)).not.toContain('not-the-secret');
  });

  it('an S3 bucket that does not exist is unavailable, and not empty', async () => {
    const wrong = await openBucket(s3.url.replace('@belt/', '@elsewhere/'), NO_AWS);
    await expect(wrong.read('a')).rejects.toMatchObject({ code: 'bucket_unavailable' });
    await expect(wrong.write('a', bytes('x'), { ...AS, condition: 'absent' })).rejects.toMatchObject({
      code: 'bucket_unavailable',
    });
  });

  it('an S3 bucket that has no conditional writes and says so is written to all the same', async () => {
    s3.fault(({ method }) => (method === 'PUT' && conditional() ? { status: 501 } : undefined));
    let puts = 0;
    const conditional = () => ++puts % 2 === 1;
    expect(await bucket.write('b', bytes('x'), { ...AS, condition: 'absent' })).toEqual({ kind: 'written' });
    s3.fault(() => undefined);
    expect(await bucket.read('b')).toMatchObject({ kind: 'found' });
  });

  it('an S3 bucket lists more names than fit into one answer', async () => {
    const names = Array.from({ length: 1100 }, (_, i) => `many/${String(i).padStart(4, '0')}`);
    const patient = await openBucket(s3.url, NO_AWS);
    for (let i = 0; i < names.length; i += 50) {
      await Promise.all(names.slice(i, i + 50).map((name) => patient.write(name, bytes('x'), AS)));
    }
    const listed: string[] = [];
    for await (const { name } of patient.list('many/')) listed.push(name);
    expect(listed).toEqual(names);
  });
});
