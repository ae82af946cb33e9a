/**
 * Copies at a plain HTTP address: a bucket that is open to its readers, or a CDN in front of one.
 * Read only, without credentials but those that the URL's query may carry, such as the signature of
 * a shared link.
 */
import { HoldfastError, messageOf } from '../core/errors.js';
import { USER_AGENT } from '../core/version.js';
import { readBody } from './body.js';
import { OBJECT_MAX_BYTES, type BucketReader, type BucketRead, type BucketReadOptions } from './bucket.js';

/** Reads copies from a plain HTTP address. */
export class HttpSource implements BucketReader {
  readonly name: string;
  readonly #base: URL;

  /** @param base `https:` or `http:`; names are below its path */
  constructor(base: URL) {
    this.#base = base;
    this.name = httpSourceName(base);
  }

  async read(
    name: string,
    { unless, signal, max = OBJECT_MAX_BYTES }: BucketReadOptions = {},
  ): Promise<BucketRead> {
    const url = new URL(this.#base);
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${name}`;
    const headers = {
      'user-agent': USER_AGENT,
      ...(unless === undefined ? {} : { 'if-none-match': unless }),
    };
    try {
      const response = await fetch(url, { headers, signal: signal ?? null });
      try {
        return await this.#reading(response, name, max);
      } finally {
        // An unread body would keep its connection.
        if (!response.bodyUsed) await response.body?.cancel();
      }
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      throw this.#unavailable(`cannot be reached (${reasonOf(error)})`, error);
    }
  }

  async #reading(response: Response, name: string, max: number): Promise<BucketRead> {
    const age = ageOf(response);
    if (response.status === 304) return { kind: 'unchanged', age };
    if (response.status === 404 || response.status === 410) return { kind: 'absent' };
    if (response.status !== 200) {
      // Public buckets that may not be listed answer 403 for what is not there, which cannot be
      // told from a wrong permission.
      throw this.#unavailable(`answered ${response.status} for ${name}, where 200 or 404 is expected`);
    }
    const bytes = await readBody(response, { bucket: this.name, name, max });
    return { kind: 'found', bytes, etag: response.headers.get('etag') ?? '', age };
  }

  #unavailable(problem: string, cause?: unknown): HoldfastError {
    return new HoldfastError('bucket_unavailable', `The source ${this.name} ${problem}.`, { cause });
  }
}

/** The place, without a query: that may hold a secret. */
export function httpSourceName({ origin, pathname }: URL): string {
  return `${origin}${pathname.replace(/\/$/, '')}`;
}

/** The time that a cache on the way has had the answer, seconds. */
function ageOf(response: Response): number {
  const age = response.headers.get('age') ?? '';
  return /^\d{1,9}$/.test(age) ? Number(age) : 0;
}

/** `fetch` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const { code } = cause as { code?: unknown };
  return messageOf(cause) || (typeof code === 'string' ? code : 'no answer');
}
