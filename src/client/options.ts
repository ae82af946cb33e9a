/** The options of `createClient`: their defaults and checks. */
import { ClientError } from './errors.js';
import type { PlainContexts } from './contexts.js';
import type { LastGood } from './saved.js';
import type { Rules } from './sources.js';

/** One source. */
export interface SourceOptions {
  /**
   * The URL of a server with the snapshot and stream routes; may have a path that goes before them.
   */
  readonly url: string | URL;
  /**
   * False to leave its stream unused. Default true: one that has none says so, and is then asked
   * for snapshots only.
   */
  readonly streams?: boolean;
}

/** The options of a client. */
export interface ClientOptions {
  /** An API key of kind `server`. */
  readonly key: string;
  /** The sources in the order in which they are asked: belt, suspenders, origin. At least one. */
  readonly sources: readonly (string | URL | SourceOptions)[];
  /** Where the last good ruleset is kept, so that a start needs no source. Default: nowhere. */
  readonly lastGood?: LastGood;
  /**
   * Contexts of every evaluation; a type that the call gives replaces the one given here as a
   * whole.
   */
  readonly context?: PlainContexts;
  /** Milliseconds until an attempt at a source must be answered. Default 5,000. */
  readonly timeout?: number;
  /**
   * Milliseconds after which the next source is asked too; false: only after the one before has
   * failed. Default 2,000.
   */
  readonly hedge?: number | false;
  /** Milliseconds between rounds of snapshots while no stream is open, ± 10 %. Default 60,000. */
  readonly poll?: number;
  /**
   * Milliseconds: a stream that ends sooner has failed, although it was answered 200. Default
   * 5,000.
   */
  readonly minConnection?: number;
  /**
   * Milliseconds without a byte after which a stream is dropped; servers send one every 29 s at
   * least. Default 65,000.
   */
  readonly idle?: number;
  /**
   * Milliseconds: the most before the first repetition, doubling to the most before any. Default
   * 1,000 and 30,000.
   */
  readonly backoff?: { readonly first?: number; readonly most?: number };
  /** Milliseconds until `ready()` rejects. The client continues. Default 10,000. */
  readonly readyTimeout?: number;
  /**
   * Milliseconds since what is there was known to be the newest, after which it is stale. A source
   * that says so of its answer does not end a round. Default 150,000.
   */
  readonly staleAfter?: number;
  /**
   * Called with each warning: a problem that is no error of the caller's. Default: `console.warn`.
   */
  readonly onWarning?: (text: string) => void;
  /** In place of the platform's. */
  readonly fetch?: typeof fetch;
}

/** Options that are complete and valid. */
export interface CheckedOptions {
  readonly key: string;
  readonly sources: readonly { readonly url: string; readonly streams: boolean }[];
  readonly lastGood: LastGood | undefined;
  readonly context: PlainContexts;
  readonly rules: Rules;
  readonly readyTimeout: number;
  readonly onWarning: (text: string) => void;
  readonly fetch: typeof fetch;
}

/**
 * Checks options and fills in the defaults.
 *
 * @throws ClientError `option_invalid`
 */
export function checkOptions(options: ClientOptions): CheckedOptions {
  if (options.sources.length === 0) refuse('sources', 'must have at least one source');
  return {
    key: checkKey(options.key),
    sources: options.sources.map((source, index) => checkSource(source, `sources[${index}]`)),
    lastGood: options.lastGood,
    context: options.context ?? {},
    rules: {
      timeout: milliseconds('timeout', options.timeout, 5_000),
      hedge: options.hedge === false ? undefined : milliseconds('hedge', options.hedge, 2_000),
      poll: milliseconds('poll', options.poll, 60_000),
      minConnection: milliseconds('minConnection', options.minConnection, 5_000),
      idle: milliseconds('idle', options.idle, 65_000),
      staleAfter: milliseconds('staleAfter', options.staleAfter, 150_000),
      backoff: {
        first: milliseconds('backoff.first', options.backoff?.first, 1_000),
        max: milliseconds('backoff.most', options.backoff?.most, 30_000),
      },
    },
    readyTimeout: milliseconds('readyTimeout', options.readyTimeout, 10_000),
    onWarning: options.onWarning ?? ((text) => console.warn(`holdfast: ${text}`)),
    // Called as a plain function: browsers refuse their own as a method of something else.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  };
}

/**
 * Checks an API key.
 *
 * @throws ClientError `option_invalid`
 */
export function checkKey(key: string): string {
  if (typeof key !== 'string' || !/^[!-~]+$/.test(key)) {
    refuse('key', 'must be an API key: printable characters without spaces');
  }
  return key;
}

function checkSource(source: string | URL | SourceOptions, field: string): { url: string; streams: boolean } {
  const { url, streams = true } =
    typeof source === 'string' || source instanceof URL ? { url: source } : source;
  const text = String(url);
  if (!URL.canParse(text)) refuse(field, `must be a URL such as https://flags.example.com, not ${text}`);
  const parsed = new URL(text);
  if (!/^https?:$/.test(parsed.protocol)) refuse(field, 'must be an http: or https: URL');
  if (parsed.username !== '' || parsed.password !== '') {
    refuse(field, 'must not have a user name or password; the key is an option of its own');
  }
  parsed.search = '';
  parsed.hash = '';
  return { url: parsed.href.replace(/\/$/, ''), streams };
}

function milliseconds(field: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (!Number.isFinite(value) || value <= 0) {
    refuse(field, `must be a number of milliseconds above 0, not ${value}`);
  }
  return value;
}

function refuse(field: string, rule: string): never {
  throw new ClientError('option_invalid', `${field} ${rule}.`, field);
}
