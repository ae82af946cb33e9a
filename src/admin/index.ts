/**
 * The client of the administration, `holdfast/admin`: every route below `/admin/v1` with its types.
 * docs/admin-client.md. Nothing of Node is imported: it runs in browsers too.
 */
import createFetchClient, {
  type Client,
  type ClientPathsWithMethod,
  type FetchResponse,
  type MaybeOptionalInit,
} from 'openapi-fetch';
import { AdminError, readAdminError } from './errors.js';
import type { components, paths } from './schema.js';

export { AdminError, type AdminErrorCode } from './errors.js';

/** The schemas of bodies, by name: `AdminSchemas['Environment']`. */
export type AdminSchemas = components['schemas'];

/** The options of {@link createAdminClient}. */
export interface AdminClientOptions {
  /** The address of a node, such as `https://flags.example.com`; in a page of the node it may be left out. */
  readonly url?: string;
  /** The token of an operator; a function is asked before each request. */
  readonly token?: string | (() => string | undefined);
  /** In place of the platform's. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** A success. */
export interface AdminAnswer<T> {
  readonly data: T;
  /** The version that the ETag of the answer names, for `If-Match`; without quotes. */
  readonly version: string | undefined;
  readonly response: Response;
}

type Method = 'get' | 'put' | 'post' | 'delete';
type AdminPath<M extends Method> = ClientPathsWithMethod<Client<paths>, M>;
type Operation<Path extends keyof paths, M extends Method> = Extract<
  paths[Path][M],
  Record<string | number, unknown>
>;
type Answered<Path extends keyof paths, M extends Method> = AdminAnswer<
  NonNullable<FetchResponse<Operation<Path, M>, object, 'application/json'>['data']>
>;
type Init<Path extends keyof paths, M extends Method> = MaybeOptionalInit<paths[Path], M>;
/** What a route needs must be given: parameters, a body. */
type Send<M extends Method> = <Path extends AdminPath<M>>(
  path: Path,
  ...init: undefined extends Init<Path, M> ? [init?: Init<Path, M>] : [init: Init<Path, M>]
) => Promise<Answered<Path, M>>;
interface FetchAnswer {
  readonly data?: unknown;
  readonly response: Response;
}
type UntypedSend = (path: string, init?: object) => Promise<FetchAnswer>;

/**
 * A client of the administration. A method rejects with an {@link AdminError} unless the server
 * answered with success.
 */
export interface AdminClient {
  readonly get: Send<'get'>;
  readonly put: Send<'put'>;
  readonly post: Send<'post'>;
  readonly delete: Send<'delete'>;
}

/** Node knows neither, and passes them over. */
const FETCH_OPTIONS = {
  cache: 'no-store',
  // The token is the only credential; and a refusal makes no browser ask for a password.
  credentials: 'omit',
} as const;

/** Creates a client of the administration; it keeps no connection and needs no end. */
export function createAdminClient({ url = '', token, fetch }: AdminClientOptions = {}): AdminClient {
  const client = createFetchClient<paths>({
    baseUrl: url.replace(/\/+$/, ''),
    ...FETCH_OPTIONS,
    ...(fetch === undefined ? {} : { fetch }),
  });
  client.use({
    onRequest: ({ request }) => {
      const current = typeof token === 'function' ? token() : token;
      // A request may bring a token of its own.
      if (current !== undefined && !request.headers.has('authorization'))
        request.headers.set('authorization', `Bearer ${current}`);
    },
    onResponse: async ({ response }) => {
      if (!response.ok) throw await readAdminError(response);
    },
    onError: ({ error, request }) => (request.signal.aborted ? undefined : unreachable(error)),
  });
  // The four differ by the types of their routes alone, and say of data that it may be missing: on
  // errors, which are thrown here.
  const send = (method: Uppercase<Method>): unknown => {
    const untyped = client[method] as UntypedSend;
    return async (path: string, init?: object) => answerOf(await untyped(path, init));
  };
  return {
    get: send('GET') as Send<'get'>,
    put: send('PUT') as Send<'put'>,
    post: send('POST') as Send<'post'>,
    delete: send('DELETE') as Send<'delete'>,
  };
}

function answerOf({
  data,
  response,
}: {
  readonly data?: unknown;
  readonly response: Response;
}): AdminAnswer<unknown> {
  const version = /"(\d+)"/.exec(response.headers.get('etag') ?? '')?.[1];
  return { data, version, response };
}

function unreachable(cause: unknown): AdminError {
  return new AdminError(
    0,
    {
      code: 'unreachable',
      message:
        'the server does not answer: it may be restarting, the address may be wrong, or the network is down',
    },
    undefined,
    { cause },
  );
}
