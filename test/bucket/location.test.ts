/** The URLs of buckets. */
import { describe, expect, it } from 'vitest';
import { bucketName, parseBucketLocation, type AwsSettings } from '../../src/bucket/location.js';

const NONE: AwsSettings = {
  accessKeyId: undefined,
  secretAccessKey: undefined,
  sessionToken: undefined,
  region: undefined,
};
const AWS: AwsSettings = {
  accessKeyId: 'AKID',
  secretAccessKey: 'SECRET',
  sessionToken: 'SESSION',
  region: 'eu-central-1',
};

describe('the URL of a bucket', () => {
  it.each([
    ['file:./copies', './copies', 'file ./copies'],
    ['file:/srv/copies', '/srv/copies', 'file /srv/copies'],
    ['file:///srv/copies', '/srv/copies', 'file /srv/copies'],
  ])('%s names a folder', (url, directory, name) => {
    const location = parseBucketLocation(url, NONE);
    expect(location).toEqual({ kind: 'file', directory });
    expect(bucketName(location)).toBe(name);
  });

  it.each([
    ['s3://flags', 'https://flags.s3.eu-central-1.amazonaws.com', '', 's3 flags'],
    ['s3://flags/a/b/', 'https://flags.s3.eu-central-1.amazonaws.com', 'a/b/', 's3 flags/a/b'],
    ['s3://flags?region=us-west-2', 'https://flags.s3.us-west-2.amazonaws.com', '', 's3 flags'],
    ['s3://flags?path-style=true', 'https://s3.eu-central-1.amazonaws.com/flags', '', 's3 flags'],
    [
      's3://flags/p?endpoint=https://id.r2.cloudflarestorage.com&region=auto',
      'https://id.r2.cloudflarestorage.com/flags',
      'p/',
      's3 flags/p at id.r2.cloudflarestorage.com',
    ],
    [
      's3://flags?endpoint=https://storage.googleapis.com',
      'https://storage.googleapis.com/flags',
      '',
      's3 flags at storage.googleapis.com',
    ],
    [
      's3://flags?endpoint=http://127.0.0.1:9000/s3/',
      'http://127.0.0.1:9000/s3/flags',
      '',
      's3 flags at 127.0.0.1:9000',
    ],
    [
      's3://flags?endpoint=https://minio.example&path-style=false',
      'https://flags.minio.example',
      '',
      's3 flags at flags.minio.example',
    ],
  ])('%s names a bucket of an object store', (url, base, prefix, name) => {
    const location = parseBucketLocation(url, AWS);
    expect(location).toMatchObject({ kind: 's3', base, prefix, bucket: 'flags' });
    expect(bucketName(location)).toBe(name);
  });

  it('the URL of a bucket takes credentials from itself, else from the AWS variables, and never mixes them', () => {
    expect(parseBucketLocation('s3://flags', AWS)).toMatchObject({
      credentials: { accessKeyId: 'AKID', secretAccessKey: 'SECRET', sessionToken: 'SESSION' },
    });
    expect(parseBucketLocation('s3://own:a%2Fb%25@flags', AWS)).toMatchObject({
      credentials: { accessKeyId: 'own', secretAccessKey: 'a/b%' },
    });
    expect(parseBucketLocation('s3://flags', NONE)).toMatchObject({ credentials: undefined });
  });

  it.each([
    ['gs://flags', 'none of the forms'],
    ['', 'none of the forms'],
    ['file:', 'names no directory'],
    ['file://host/x', 'names no directory'],
    ['s3:', 'names no bucket'],
    ['s3://', 'no'],
    ['s3://flags/../x%20y', 'prefix'],
    ['s3://flags?acl=public', 'option that is not known'],
    ['s3://flags?path-style=yes', 'path-style'],
    ['s3://flags?endpoint=nonsense', 'endpoint'],
    ['s3://flags?endpoint=ftp://host', 'endpoint'],
    ['s3://key-id:topsecret%@flags', 'percent-encoded'],
  ])('%s is refused with what is wrong, and not repeated', (url, problem) => {
    const refused = (): unknown => parseBucketLocation(url, AWS);
    expect(refused).toThrow(expect.objectContaining({ code: 'field_invalid', field: 'HOLDFAST_BELT' }));
    expect(refused).toThrow(problem);
    expect(refused).not.toThrow('topsecret');
  });

  it('the URL of a bucket with half of its credentials is refused', () => {
    expect(() => parseBucketLocation('s3://flags', { ...AWS, secretAccessKey: undefined })).toThrow(
      'AWS_SECRET_ACCESS_KEY',
    );
    expect(() => parseBucketLocation('s3://only-an-id@flags', AWS)).toThrow('and not both');
    expect(() => parseBucketLocation('s3://:only-a-secret@flags', AWS)).toThrow('and not both');
  });
});
