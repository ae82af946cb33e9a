/**
 * Buckets in S3 to which no key was given: credentials from each place of the standard chain, against
 * a server that checks signatures and sessions.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.js';
import { chainedCredentials } from '../../src/bucket/aws-credentials.js';
import { parseBucketLocation, type S3BucketLocation } from '../../src/bucket/location.js';
import { openBucket } from '../../src/bucket/open.js';
import { S3Bucket } from '../../src/bucket/s3.js';
import { startAws, type AwsStandIn, type Place } from '../support/aws.js';
import { startS3, type S3Setup } from '../support/s3.js';
import { until } from '../support/until.js';

const NO_AWS = {
  accessKeyId: undefined,
  secretAccessKey: undefined,
  sessionToken: undefined,
  region: 'eu-central-1',
};
const AS = { contentType: 'text/plain', cacheControl: 'no-cache' };
const TEXT = new Uint8Array(Buffer.from('text'));
const PLACES: Place[] = ['shared file', 'sso', 'web identity', 'container', 'instance'];

let aws: AwsStandIn;
let s3: S3Setup;
beforeAll(async () => {
  aws = await startAws();
  s3 = await startS3({ keyOf: (id) => aws.keyOf(id) });
});
afterAll(async () => {
  await s3.stop();
  await aws.stop();
});
afterEach(() => {
  vi.unstubAllEnvs();
  aws.failure = undefined;
  aws.lifetime = 3600;
  aws.asked.length = 0;
});

/** The packages of AWS read the environment of the process. */
function surround(env: Record<string, string>): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

function open(place: Place): Promise<Bucket> {
  surround(aws.envOf(place));
  return openBucket(s3.url.replace('S3RVER:S3RVER@', ''), NO_AWS);
}

/** A bucket of that place whose credentials go by another clock, which the test advances. */
function openAt(place: Place): { bucket: Bucket; advance: (milliseconds: number) => void } {
  surround(aws.envOf(place));
  let ahead = 0;
  const location = parseBucketLocation(s3.url.replace('S3RVER:S3RVER@', ''), NO_AWS) as S3BucketLocation;
  const credentials = chainedCredentials('flags', () => Date.now() + ahead);
  return {
    bucket: new S3Bucket(location, { credentials }),
    advance: (milliseconds) => (ahead += milliseconds),
  };
}

const round = async (bucket: Bucket): Promise<void> => {
  await bucket.write('a', TEXT, AS);
  const reading = await bucket.read('a');
  expect(reading.kind === 'found' && Buffer.from(reading.bytes).toString()).toBe('text');
};

describe('a bucket in S3 to which no key was given', () => {
  it.each(PLACES)('a bucket in S3 without a key signs with the credentials of: %s', async (place) => {
    const bucket = await open(place);
    await round(bucket);
    for await (const { name } of bucket.list('')) expect(name).toBe('a');
    expect(aws.asked).toEqual(place === 'shared file' ? [] : [place]);
  });

  it('a bucket in S3 without a key fetches credentials again before they run out, and goes on with the present ones when that fails', async () => {
    aws.lifetime = 200;
    const { bucket, advance } = openAt('container');
    await round(bucket);
    const first = aws.last().accessKeyId;
    aws.failure = 403;
    advance(10_000);
    await round(bucket);
    aws.failure = undefined;
    await until('the next credentials are used', async () => {
      await round(bucket);
      return aws.last().accessKeyId !== first;
    });
    expect(aws.asked).toEqual(['container', 'container']);
  });

  it('a bucket in S3 without a key waits for new credentials when the present ones have run out', async () => {
    const { bucket, advance } = openAt('container');
    await round(bucket);
    aws.forgetKeys();
    aws.lifetime = 7200;
    advance(3_700_000);
    await round(bucket);
    expect(aws.asked).toEqual(['container', 'container']);
  });

  it('a bucket in S3 without a key fetches credentials again when the store does not know them any more', async () => {
    const { bucket, advance } = openAt('web identity');
    await round(bucket);
    aws.forgetKeys();
    advance(10_000);
    await expect(bucket.read('a')).rejects.toMatchObject({ code: 'bucket_unavailable' });
    await round(bucket);
  });

  it('a bucket in S3 whose key in a file was replaced reads the file again when the store refuses the old one', async () => {
    const { bucket, advance } = openAt('shared file');
    await aws.replaceFile();
    await round(bucket);
    aws.forgetKeys();
    await aws.replaceFile();
    advance(10_000);
    await expect(bucket.read('a')).rejects.toThrow('InvalidAccessKeyId');
    await round(bucket);
  });

  it('a bucket in S3 without a key asks for credentials once for many requests, and after a failure not for 5 s', async () => {
    const { bucket, advance } = openAt('container');
    await Promise.all(Array.from({ length: 10 }, (_, i) => bucket.write(`b/${i}`, TEXT, AS)));
    expect(aws.asked).toEqual(['container']);
    aws.failure = 403;
    advance(3_700_000);
    await expect(bucket.read('a')).rejects.toThrow('no association');
    aws.failure = undefined;
    await expect(bucket.read('a')).rejects.toThrow('no association');
    advance(5_000);
    await round(bucket);
  });

  it('a bucket in S3 without a key and without credentials anywhere is unavailable, and the error names each place with its reason', async () => {
    const bucket = await open('shared file');
    surround({ ...aws.envOf('shared file'), AWS_SHARED_CREDENTIALS_FILE: '/none' });
    const error: unknown = await bucket.read('a').catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'bucket_unavailable' });
    for (const part of [
      'Neither its URL nor AWS_ACCESS_KEY_ID has any',
      'profile default: ',
      'web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set',
      'container: AWS_CONTAINER_CREDENTIALS_FULL_URI and _RELATIVE_URI are not set',
      'instance role: AWS_EC2_METADATA_DISABLED is set',
    ]) {
      expect(String(error)).toContain(part);
    }
  });

  it('a bucket in S3 whose container endpoint refuses says what the endpoint said', async () => {
    aws.failure = 403;
    const bucket = await open('container');
    await expect(bucket.read('a')).rejects.toThrow('no association for this pod');
  });

  it('a bucket in S3 whose token service refuses is unavailable, and no other identity is taken', async () => {
    aws.failure = 403;
    const bucket = await open('web identity');
    await expect(bucket.read('a')).rejects.toThrow(/web identity: .*\.$/);
    await expect(bucket.read('a')).rejects.not.toThrow('instance role');
  });

  it('a folder is opened and used without asking for credentials', async () => {
    surround(aws.envOf('container'));
    const bucket = await openBucket(`file:${aws.envOf('container').HOME}/copies`, NO_AWS);
    await round(bucket);
    expect(aws.asked).toEqual([]);
  });
});
