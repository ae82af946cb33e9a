/**
 * The HTTP interface as the commands use it: credentials, retries, and the server's sentence as the
 * error.
 *
 * Only what can be repeated without harm is retried: reads, and writes that carry an
 * `Idempotency-Key`, which is the same in every attempt. [protocol] #changes
 */
import { equalJitter } from '../core/backoff.js';
import { randomUUID } from 'node:crypto';
import { type ErrorCode, HoldfastError, messageOf } from '../core/errors.js';
import { withTimeLimit } from '../core/time-limit.js';
import { USER_AGENT } from '../core/version.js';
import type { Config, Configs } from '../ruleset/model.js';
import { UsageError, type CommandIO } from './io.js';

const ATTEMPTS = 4;
/** The backoff between attempts. */
const BACKOFF = { first: 250, max: 60_000 };
/** A server that asks for more patience than this is reported instead of waited for. */
const LONGEST_DELAY_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** The node, or a proxy before it, could not do it now. */
const PASSING_STATUSES: readonly number[] = [502, 503, 504];

/** The server that commands call, and their credentials. */
export interface ApiTarget {
  /** The server's URL, with or without a path. */
  readonly url: string;
  /** The URL of its admin interface, where that has a port of its own. */
  readonly adminUrl?: string;
  readonly token: string | undefined;
  readonly key: string | undefined;
  /** Why credentials that are in this folder do not count; for errors. */
  readonly hint?: string;
}

/** The answer to a commit. Versions and ids are decimal text. */
export interface Committed {
  readonly previous: string;
  readonly version: string;
  readonly configs: readonly { readonly key: string; readonly id: string }[];
  /** True when everything was as given already: nothing was committed. */
  readonly unchanged?: true;
}

/** The configs of an environment as of one moment; none of them deleted. */
export interface Present {
  readonly configs: readonly Config[];
  /** The number of the environment that they are of. */
  readonly environment: string;
  /** The project that the environment belongs to. */
  readonly projectId: string | undefined;
  readonly defaultContext: Configs['defaultContext'];
  /**
   * The version that they were read at, as the text that `If-Match` takes; only from the admin
   * interface.
   */
  readonly etag: string | undefined;
}

/** The paths on the port of operators, where there is one. */
const OPERATORS = /^\/(?:admin\/|readyz$|metrics$)/;

interface Call {
  readonly as: 'admin' | 'client';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** True when a repeat of the request does no harm. */
  readonly once?: boolean;
}

/** The path of an environment in the admin interface; a number or a name. */
export function environmentPath(environment: string): string {
  return `/admin/v1/environments/${encodeURIComponent(environment)}`;
}

/** Calls the HTTP interface of one server. */
export class Api {
  readonly #target: ApiTarget;
  readonly #base: string;
  readonly #adminBase: string;
  readonly #around: CommandIO;

  constructor(target: ApiTarget, around: CommandIO) {
    if (!/^https?:\/\//.test(target.url) || !URL.canParse(target.url)) {
      throw new UsageError('--url (HOLDFAST_URL) must be a URL such as http://127.0.0.1:8080.');
    }
    this.#target = target;
    this.#base = target.url.replace(/\/+$/, '');
    this.#adminBase = (target.adminUrl ?? target.url).replace(/\/+$/, '');
    this.#around = around;
  }

  /** True when the admin token was given. */
  get isAdmin(): boolean {
    return this.#target.token !== undefined;
  }

  url(path: string): string {
    return (OPERATORS.test(path) ? this.#adminBase : this.#base) + path;
  }

  /** The `Authorization` header. Throws UsageError when the credential is missing. */
  authorization(as: Call['as']): string {
    const { token, key, hint } = this.#target;
    const why = hint === undefined ? '' : ` (${hint})`;
    if (as === 'admin') {
      if (token === undefined) {
        throw new UsageError(`This needs the admin token: give --token or set HOLDFAST_ADMIN_TOKEN.${why}`);
      }
      return `Bearer ${token}`;
    }
    if (key === undefined) {
      throw new UsageError(`This needs an API key: give --key or set HOLDFAST_API_KEY.${why}`);
    }
    // The user name is ignored; the key is the password.
    return `Basic ${Buffer.from(`holdfast:${key}`).toString('base64')}`;
  }

  /**
   * All configs that are not deleted; with the admin token, else with the API key, whose
   * environment it then is.
   */
  async present(environment: string): Promise<Present> {
    const reply = this.isAdmin
      ? await this.request('GET', `${environmentPath(environment)}/configs`, { as: 'admin' })
      : await this.request('GET', '/api/v1/configs/0?format=json', { as: 'client' });
    const { configs = [], configServicePointer, defaultContext } = reply.body as Configs;
    return {
      configs: configs.filter(({ configType }) => configType !== 'DELETED'),
      environment: configServicePointer?.projectEnvId ?? environment,
      projectId: configServicePointer?.projectId,
      defaultContext,
      etag: this.isAdmin ? this.#versionTag(reply.etag) : undefined,
    };
  }

  /** The number of an environment that is given by its number or name. */
  async environmentId(environment: string): Promise<string> {
    if (/^\d+$/.test(environment)) return environment;
    const { body } = await this.request('GET', environmentPath(environment), { as: 'admin' });
    return (body as { id: string }).id;
  }

  /**
   * Refuses to go on without a version: a change that is based on a read must not undo what came
   * after it.
   */
  #versionTag(etag: string | undefined): string {
    // A proxy that compresses makes the validator weak; it names the same version.
    const strong = /^(?:W\/)?("\d+")$/.exec(etag ?? '')?.[1];
    if (strong !== undefined) return strong;
    throw new Error(`${this.#base} did not say which version it answered with (ETag). Is it Holdfast?`);
  }

  /**
   * Commits a change.
   *
   * @param body `{"configs": […]}` as JSON text
   * @param message the reason for the change, for the history
   * @throws HoldfastError `version_mismatch` when the environment is not at the version that `etag`
   *   names
   */
  async commit(environment: string, body: string, etag?: string, message?: string): Promise<Committed> {
    const headers = {
      'idempotency-key': randomUUID(),
      ...(message === undefined ? {} : { 'holdfast-message': encodeURIComponent(message) }),
      ...(etag === undefined ? {} : { 'if-match': etag }),
    };
    const path = `${environmentPath(environment)}/changes`;
    return (await this.request('POST', path, { as: 'admin', body, headers })).body as Committed;
  }

  /**
   * Reads a path that needs no credential, whatever the status of the answer. Not repeated: it is
   * asked for the state of this moment.
   */
  async probe(path: string): Promise<{ readonly status: number; readonly text: string }> {
    try {
      const signal = withTimeLimit(this.#around.signal, REQUEST_TIMEOUT_MS);
      const headers = { 'user-agent': USER_AGENT };
      const response = await this.#around.fetch(this.url(path), { headers, signal });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw unreachable(this.url(''), error);
    }
  }

  /** @param call.body JSON text, or anything else to be made such */
  async request(
    method: string,
    path: string,
    call: Call,
  ): Promise<{ body: unknown; etag: string | undefined }> {
    const { body } = call;
    const init: RequestInit = {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': USER_AGENT,
        authorization: this.authorization(call.as),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    };
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(this.url(path), init);
      if (outcome.kind === 'answered') return outcome;
      if (!outcome.passing || call.once === true || attempt === ATTEMPTS) throw outcome.error;
      const delay = equalJitter(attempt, BACKOFF, this.#around.random());
      await this.#around.sleep(Math.max(delay, outcome.after), this.#around.signal);
      if (this.#around.signal.aborted) throw outcome.error;
    }
  }

  async #attempt(url: string, init: RequestInit): Promise<Outcome> {
    let response: Response;
    let text: string;
    try {
      const signal = withTimeLimit(this.#around.signal, REQUEST_TIMEOUT_MS);
      response = await this.#around.fetch(url, { ...init, signal });
      text = await response.text();
    } catch (error) {
      return { kind: 'failed', error: unreachable(this.#base, error), passing: true, after: 0 };
    }
    if (!response.ok) {
      const after = Number(response.headers.get('retry-after') ?? 0) * 1000;
      return {
        kind: 'failed',
        error: refusal(response.status, text, this.#base),
        passing: PASSING_STATUSES.includes(response.status) && !(after > LONGEST_DELAY_MS),
        after: Number.isFinite(after) ? after : 0,
      };
    }
    try {
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      return { kind: 'answered', body, etag: response.headers.get('etag') ?? undefined };
    } catch (cause) {
      const error = new Error(`${this.#base} answered something that is not JSON. Is it Holdfast?`, {
        cause,
      });
      return { kind: 'failed', error, passing: false, after: 0 };
    }
  }
}

type Outcome =
  | { readonly kind: 'answered'; readonly body: unknown; readonly etag: string | undefined }
  | {
      readonly kind: 'failed';
      readonly error: Error;
      /** True when the same request may succeed a little later. */
      readonly passing: boolean;
      /** The wait that the server asks for, milliseconds. */
      readonly after: number;
    };

/** The error for an answer that is not 2xx: the server's own code and sentence when it has one. */
export function refusal(status: number, text: string, base: string): Error {
  const error = errorOf(text);
  if (error === undefined) return new Error(`${base} answered ${status}. Is it Holdfast?`);
  // The server's codes are this family, as of its version.
  return new HoldfastError(error.code as ErrorCode, inCommands(error.message), {
    ...(error.field === undefined ? {} : { field: error.field }),
  });
}

/** The server's remedies are requests; those of the command line are commands. */
function inCommands(message: string): string {
  const put = /PUT \/admin\/v1\/environments\/(\d+)/;
  return message.replace(put, 'holdfast environments put $1 --name NAME');
}

function errorOf(text: string): { code: string; message: string; field?: string } | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown; field?: unknown } };
    if (typeof error?.code !== 'string' || typeof error.message !== 'string') return undefined;
    const { code, message, field } = error;
    return { code, message, ...(typeof field === 'string' ? { field } : {}) };
  } catch {
    // Not JSON, or JSON that is no object: some other program answered.
    return undefined;
  }
}

/** The error for a request that got no answer. `fetch` hides the reason in the cause. */
export function unreachable(base: string, error: unknown): Error {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = (cause as { code?: unknown }).code;
  const reason = messageOf(cause) || (typeof code === 'string' ? code : 'no answer');
  return new Error(`Cannot reach ${base} (${reason}). Is it running? --url or HOLDFAST_URL says where.`, {
    cause: error,
  });
}
