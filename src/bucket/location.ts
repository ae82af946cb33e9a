/** Where a bucket is: one URL of HOLDFAST_BELT, read once. Pure; connects to nothing. */
import { HoldfastError } from '../core/errors.js';
import type { S3Credentials } from './credentials.js';

/**
 * For `s3:` URLs that have no credentials or region of their own. From the usual AWS environment
 * variables.
 */
export interface AwsSettings {
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  readonly sessionToken: string | undefined;
  readonly region: string | undefined;
}

/** The location of a bucket in a folder. */
export interface FileBucketLocation {
  readonly kind: 'file';
  /** As written: relative to the working directory, or absolute. */
  readonly directory: string;
}

/** The location of a bucket in an S3-compatible store. */
export interface S3BucketLocation {
  readonly kind: 's3';
  readonly bucket: string;
  /** Before every name: empty, or ending in a slash. */
  readonly prefix: string;
  /**
   * The URL below which names are, without a slash at its end: it contains the bucket, in the host
   * or in the path.
   */
  readonly base: string;
  readonly region: string;
  /** `undefined`: none were given, and the standard chain of AWS is asked. */
  readonly credentials: S3Credentials | undefined;
}

/** The location of a bucket. */
export type BucketLocation = FileBucketLocation | S3BucketLocation;

const FORMS =
  'file:DIRECTORY or s3://[KEY_ID:SECRET@]BUCKET[/PREFIX][?endpoint=URL][&region=NAME][&path-style=true]';
const OPTIONS = ['endpoint', 'region', 'path-style'];
/** The bucket names of S3, and of similar services that allow more. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

/**
 * Reads the URL of a bucket.
 *
 * `s3:` without `endpoint` is Amazon's. With one it is any service that speaks the protocol; the
 * bucket then is the first part of the path (`path-style=false`: of the host name), which is what
 * such services and their certificates expect. Key and secret are percent-encoded, and come from
 * the AWS variables when the URL has none; without either there are none.
 *
 * @throws HoldfastError `field_invalid`, field HOLDFAST_BELT. The URL itself is not repeated: it
 *   may hold a secret.
 */
export function parseBucketLocation(text: string, aws: AwsSettings): BucketLocation {
  if (text.startsWith('file:')) return parseFile(text.slice('file:'.length));
  if (text.startsWith('s3:')) return parseS3(text, aws);
  throw invalid('has a URL of none of the forms it may have');
}

/** The kind and place, without credentials: what logs, metrics and cursors call the bucket. */
export function bucketName(location: BucketLocation): string {
  if (location.kind === 'file') return `file ${location.directory}`;
  const { base, bucket, prefix } = location;
  const { host } = new URL(base);
  const at = host.endsWith('amazonaws.com') ? '' : ` at ${host}`;
  return `s3 ${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}${at}`;
}

function parseFile(rest: string): FileBucketLocation {
  // file:///var/lib/x is the URL form of /var/lib/x; file://data would name a host.
  const directory = rest.startsWith('///') ? rest.slice(2) : rest;
  if (directory === '' || directory.startsWith('//'))
    throw invalid('has a file: URL that names no directory');
  return { kind: 'file', directory };
}

function parseS3(text: string, aws: AwsSettings): S3BucketLocation {
  const url = urlOf(text, 'is no URL');
  const unknown = [...url.searchParams.keys()].find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw invalid('has an s3: URL with an option that is not known');
  const bucket = url.hostname;
  if (!BUCKET.test(bucket) || url.port !== '') throw invalid('has an s3: URL that names no bucket');
  const region = url.searchParams.get('region') ?? aws.region ?? 'us-east-1';
  return {
    kind: 's3',
    bucket,
    prefix: prefixOf(url.pathname),
    base: baseOf(bucket, region, url.searchParams),
    region,
    credentials: credentialsOf(url, aws),
  };
}

function prefixOf(pathname: string): string {
  const parts = pathname.split('/').filter((part) => part !== '');
  // A dot would be taken for a step up or none by everything that normalises URLs; other characters
  // need escaping that stores disagree on.
  const bad = parts.some((part) => !/^[A-Za-z0-9._-]+$/.test(part) || /^\.+$/.test(part));
  if (bad)
    throw invalid('has a prefix with other characters than letters, digits, dots, dashes and underscores');
  return parts.map((part) => `${part}/`).join('');
}

function baseOf(bucket: string, region: string, options: URLSearchParams): string {
  const endpoint = options.get('endpoint');
  const style = options.get('path-style') ?? (endpoint === null ? 'false' : 'true');
  if (style !== 'true' && style !== 'false') throw invalid('has a path-style that is neither true nor false');
  const service = urlOf(endpoint ?? `https://s3.${region}.amazonaws.com`, 'has an endpoint that is no URL');
  if (!/^https?:$/.test(service.protocol) || service.username !== '' || service.search !== '') {
    throw invalid('has an endpoint that is not https://HOST or http://HOST');
  }
  const path = service.pathname.replace(/\/$/, '');
  return style === 'true'
    ? `${service.origin}${path}/${bucket}`
    : `${service.protocol}//${bucket}.${service.host}${path}`;
}

function credentialsOf(url: URL, aws: AwsSettings): S3Credentials | undefined {
  if (url.username !== '' || url.password !== '') {
    const accessKeyId = decoded(url.username);
    const secretAccessKey = decoded(url.password);
    if (!accessKeyId || !secretAccessKey) {
      throw invalid('has an s3: URL with a key id or a secret, and not both');
    }
    return { accessKeyId, secretAccessKey };
  }
  const { accessKeyId, secretAccessKey, sessionToken } = aws;
  if (!accessKeyId && !secretAccessKey) return undefined;
  if (!accessKeyId || !secretAccessKey) {
    throw invalid(
      'has an s3: URL without KEY_ID:SECRET@, and of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set; set both, or neither for the credentials of a role or profile',
    );
  }
  return { accessKeyId, secretAccessKey, sessionToken };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('has credentials that are not percent-encoded; a % is written %25');
  }
}

function urlOf(text: string, problem: string): URL {
  try {
    return new URL(text);
  } catch {
    throw invalid(problem);
  }
}

function invalid(problem: string): HoldfastError {
  return new HoldfastError('field_invalid', `HOLDFAST_BELT ${problem}. It is one of: ${FORMS}.`, {
    field: 'HOLDFAST_BELT',
  });
}
