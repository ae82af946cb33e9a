/** Where a belt server reads copies: the URLs of HOLDFAST_SOURCE. */
import { HoldfastError } from '../core/errors.js';
import type { BucketReader } from './bucket.js';
import { FolderSource } from './folder.js';
import { HttpSource, httpSourceName } from './http.js';
import { bucketName, parseBucketLocation, type AwsSettings } from './location.js';
import { openBucket } from './open.js';

const SETTING = 'HOLDFAST_SOURCE';

/**
 * The name of a source in logs, metrics and readiness; without credentials. Connects to nothing.
 *
 * @throws HoldfastError `field_invalid` for a URL of no known form, without repeating it
 */
export function sourceName(url: string, aws: AwsSettings): string {
  const http = httpUrlOf(url);
  return http === undefined ? named(() => bucketName(parseBucketLocation(url, aws))) : httpSourceName(http);
}

/** @throws as `sourceName` */
export async function openSource(url: string, aws: AwsSettings): Promise<BucketReader> {
  const http = httpUrlOf(url);
  if (http !== undefined) return new HttpSource(http);
  const location = named(() => parseBucketLocation(url, aws));
  return location.kind === 'file' ? new FolderSource(location.directory) : openBucket(url, aws);
}

function httpUrlOf(text: string): URL | undefined {
  if (!/^https?:/.test(text)) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.hash !== '' || `${url.username}${url.password}` !== '') {
    throw new HoldfastError(
      'field_invalid',
      `${SETTING} has an https: or http: URL that is none, or that has a user or a fragment; a query is passed on.`,
      { field: SETTING },
    );
  }
  return url;
}

/** The reader of bucket URLs speaks of the setting that buckets are written to by. */
function named<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const message = error.message.replace('HOLDFAST_BELT', SETTING).replace(/\.$/, ', or https://HOST/PATH.');
    throw new HoldfastError('field_invalid', message, { field: SETTING });
  }
}
