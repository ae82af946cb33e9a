/** Opens the bucket that a URL names. */
import type { Bucket } from './bucket.js';
import { FileBucket } from './file.js';
import { fixedCredentials, type CredentialSource } from './credentials.js';
import { bucketName, parseBucketLocation, type AwsSettings, type S3BucketLocation } from './location.js';

/**
 * Opens a bucket. Connects to nothing; what is wrong with the place shows at the first use.
 *
 * @param url as HOLDFAST_BELT has it; may contain credentials
 * @throws HoldfastError `field_invalid` for a URL of no known form, or with half of its credentials;
 *   without repeating it
 */
export async function openBucket(url: string, aws: AwsSettings): Promise<Bucket> {
  const location = parseBucketLocation(url, aws);
  if (location.kind === 'file') return new FileBucket(location.directory);
  // Loaded when needed: who has only folders signs nothing.
  const { S3Bucket } = await import('./s3.js');
  return new S3Bucket(location, { credentials: await credentialsOf(location) });
}

async function credentialsOf(location: S3BucketLocation): Promise<CredentialSource> {
  const { credentials } = location;
  if (credentials !== undefined) return fixedCredentials(credentials);
  const { chainedCredentials } = await import('./aws-credentials.js');
  return chainedCredentials(bucketName(location));
}
