/**
 * A bucket in a store that speaks the S3 protocol: Amazon S3, Cloudflare R2, Google Cloud Storage
 * by its XML interface, MinIO and others.
 *
 * Only what the belt needs of the protocol, over fetch, with requests that aws4fetch signs:
 * docs/decisions/0023-belt-speaks-s3-itself.md says why no SDK. Nothing is retried here; who writes
 * waits and tries again.
 */
import { createHash } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import { HoldfastError, messageOf } from '../core/errors.js';
import { beforeEnd, isTimeOver, withTimeLimit } from '../core/time-limit.js';
import { USER_AGENT } from '../core/version.js';
import { readBody } from './body.js';
import {
  CONDITIONS_NAME,
  OBJECT_MAX_BYTES,
  type Bucket,
  type Listed,
  type BucketRead,
  type BucketReadOptions,
  type WriteOptions,
  type BucketWrite,
} from './bucket.js';
import type { CredentialSource, S3Credentials } from './credentials.js';
import { bucketName, type S3BucketLocation } from './location.js';

/** The timeout of a request, all of its bytes included, milliseconds: 16 MiB at 4 Mbit/s. */
const REQUEST_MS = 30_000;
/** The part that is read of an answer that explains a refusal. */
const REASON_CHARACTERS = 300;

/** The key and time limit of requests to an S3-compatible store. */
export interface S3Options {
  readonly credentials: CredentialSource;
  readonly requestMs?: number;
}

/** Refusals that other credentials may mend: these ran out, were replaced or withdrawn. */
const REFUSED = ['ExpiredToken', 'InvalidToken', 'InvalidAccessKeyId', 'TokenRefreshRequired'];

interface Signer {
  /** The credentials that it signs with. */
  readonly of: S3Credentials;
  readonly client: AwsClient;
}

/** A bucket in an S3-compatible store. */
export class S3Bucket implements Bucket {
  readonly name: string;
  readonly #base: string;
  readonly #prefix: string;
  readonly #region: string;
  readonly #credentials: CredentialSource;
  readonly #requestMs: number;
  /** Signs, and keeps what it derived from the credentials. */
  #signer: Signer | undefined;

  constructor(location: S3BucketLocation, { credentials, requestMs = REQUEST_MS }: S3Options) {
    const { region, base, prefix } = location;
    this.name = bucketName(location);
    this.#base = base;
    this.#prefix = prefix;
    this.#region = region;
    this.#credentials = credentials;
    this.#requestMs = requestMs;
  }

  async read(
    name: string,
    { unless, signal, max = OBJECT_MAX_BYTES }: BucketReadOptions = {},
  ): Promise<BucketRead> {
    const headers = unless === undefined ? {} : { 'if-none-match': unless };
    return this.#ask({ method: 'GET', name, headers }, signal, async (response) => {
      if (response.status === 304) return { kind: 'unchanged' };
      if (response.status === 404 && (await codeOf(response.clone())) !== 'NoSuchBucket') {
        return { kind: 'absent' };
      }
      await this.#mustBeOk(response, name);
      const bytes = await readBody(response, { bucket: this.name, name, max });
      return { kind: 'found', bytes, etag: response.headers.get('etag') ?? '' };
    });
  }

  async write(name: string, bytes: Uint8Array, options: WriteOptions): Promise<BucketWrite> {
    const answer = await this.#put(name, bytes, options);
    if (answer.kind !== 'unsupported') return answer;
    await this.#put(name, bytes, { ...options, condition: undefined });
    return { kind: 'written' };
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<Listed, void, void> {
    let last = '';
    for (;;) {
      // From the last name on, and not by a token: that needs nothing of the store but its order.
      const query = new URLSearchParams({
        'list-type': '2',
        prefix: this.#prefix + prefix,
        'start-after': last,
      });
      if (last === '') query.delete('start-after');
      const page = await this.#ask({ method: 'GET', query }, signal, async (response) => {
        await this.#mustBeOk(response, prefix);
        return response.text();
      });
      const entries = elements(page, 'Contents').map((entry) => ({
        key: element(entry, 'Key') ?? '',
        writtenAt: Date.parse(element(entry, 'LastModified') ?? ''),
        bytes: Number(element(entry, 'Size') ?? 0),
      }));
      for (const { key, ...rest } of entries) yield { name: key.slice(this.#prefix.length), ...rest };
      last = entries.at(-1)?.key ?? '';
      if (last === '' || element(page, 'IsTruncated') !== 'true') return;
    }
  }

  async remove(name: string, signal?: AbortSignal): Promise<void> {
    await this.#ask({ method: 'DELETE', name }, signal, async (response) => {
      if (response.status !== 404) await this.#mustBeOk(response, name);
    });
  }

  async conditions(signal?: AbortSignal): Promise<'kept' | 'ignored'> {
    const bytes = Buffer.from('Written by Holdfast to see whether this bucket keeps conditions of writes.\n');
    const options = { contentType: 'text/plain', cacheControl: 'no-store', ...(signal && { signal }) };
    await this.#put(CONDITIONS_NAME, bytes, options);
    for (const condition of ['absent', { etag: '"00000000000000000000000000000000"' }] as const) {
      const answer = await this.#put(CONDITIONS_NAME, bytes, { ...options, condition });
      if (answer.kind !== 'conflict') return 'ignored';
    }
    return 'kept';
  }

  #put(
    name: string,
    bytes: Uint8Array,
    { condition, contentType, cacheControl, signal }: WriteOptions,
  ): Promise<BucketWrite | { kind: 'unsupported' }> {
    const headers = {
      'content-type': contentType,
      'cache-control': cacheControl,
      // The store refuses a body that does not have it: what arrives damaged or in part is not
      // kept.
      'x-amz-content-sha256': createHash('sha256').update(bytes).digest('hex'),
      ...conditionHeader(condition),
    };
    return this.#ask({ method: 'PUT', name, headers, body: bytes }, signal, async (response) => {
      if (condition !== undefined) {
        // 409: another conditional write is under way. 404: what was to be replaced is gone.
        if (
          [412, 409, 404].includes(response.status) &&
          (await codeOf(response.clone())) !== 'NoSuchBucket'
        ) {
          return { kind: 'conflict' };
        }
        if (response.status === 501) return { kind: 'unsupported' };
      }
      await this.#mustBeOk(response, name);
      return { kind: 'written' };
    });
  }

  /** One request. `take` reads the answer, in the same time limit: a body can stop half way too. */
  async #ask<T>(
    request: {
      readonly method: string;
      readonly name?: string;
      readonly query?: URLSearchParams;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array;
    },
    signal: AbortSignal | undefined,
    take: (response: Response) => Promise<T>,
  ): Promise<T> {
    const { method, name, query, headers, body } = request;
    const path = name === undefined ? '/' : `/${this.#prefix}${name}`;
    const url = `${this.#base}${path}${query === undefined ? '' : `?${query.toString()}`}`;
    const until = withTimeLimit(signal, this.#requestMs);
    try {
      const signer = this.#signerOf(await beforeEnd(this.#credentials.current(), until));
      const signed = await signer.client.sign(url, {
        method,
        ...(headers && { headers }),
        ...(body && { body }),
      });
      // A redirect would not be signed for where it leads; the message of mustBeOk says what to
      // change.
      signed.headers.set('user-agent', USER_AGENT);
      const response = await fetch(signed, { signal: until, redirect: 'manual' });
      try {
        if (response.status >= 400 && response.status < 404) await this.#noteRefusal(response, signer);
        return await take(response);
      } finally {
        // An unread body would keep its connection.
        if (!response.bodyUsed) await response.body?.cancel();
      }
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      const reason = isTimeOver(until) ? `no answer within ${this.#requestMs} ms` : reasonOf(error);
      throw this.#unavailable(`cannot be reached (${reason})`, error);
    }
  }

  #signerOf(current: S3Credentials): Signer {
    if (this.#signer?.of === current) return this.#signer;
    const { accessKeyId, secretAccessKey, sessionToken } = current;
    const session = sessionToken === undefined ? {} : { sessionToken };
    const client = new AwsClient({
      accessKeyId,
      secretAccessKey,
      ...session,
      region: this.#region,
      service: 's3',
    });
    return (this.#signer = { of: current, client });
  }

  async #noteRefusal(response: Response, signer: Signer): Promise<void> {
    const code = await codeOf(response.clone());
    if (code !== undefined && REFUSED.includes(code)) this.#credentials.refused(signer.of);
  }

  async #mustBeOk(response: Response, name: string): Promise<void> {
    if (response.ok) return;
    const text = await response.text();
    const reason = [element(text, 'Code'), element(text, 'Message')].filter((part) => part !== undefined);
    const said = reason.length > 0 ? `: ${reason.join(': ').slice(0, REASON_CHARACTERS)}` : '';
    throw this.#unavailable(`answered ${response.status} for ${name}${said}${remedy(response.status)}`);
  }

  #unavailable(problem: string, cause?: unknown): HoldfastError {
    return new HoldfastError('bucket_unavailable', `The bucket ${this.name} ${problem}.`, { cause });
  }
}

function conditionHeader(condition: WriteOptions['condition']): Record<string, string> {
  if (condition === undefined) return {};
  return condition === 'absent' ? { 'if-none-match': '*' } : { 'if-match': condition.etag };
}

function remedy(status: number): string {
  if (status === 401 || status === 403) return '. Look at the credentials, and at what they may do';
  if (status >= 300 && status < 400) return '. Look at endpoint and region in its URL';
  return status === 404 ? '. Look at the name of the bucket in its URL' : '';
}

/** `fetch` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const { code } = cause as { code?: unknown };
  return messageOf(cause) || (typeof code === 'string' ? code : 'no answer');
}

async function codeOf(response: Response): Promise<string | undefined> {
  return element(await response.text(), 'Code');
}

/*
 * The answers are XML that a program wrote: elements without attributes that matter, text without markup. Names that we wrote have no
 * character that would be escaped, so nothing more than this is needed to read them.
 */

/** The content of the first element of that name. */
function element(xml: string, name: string): string | undefined {
  return elements(xml, name)[0];
}

function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^]*?)</${name}>`, 'g'))].map(([, content = '']) => content);
}
