/**
 * The issuer of OpenID Connect, by openid-client. It is discovered when it is first needed, and no
 * node waits for it at its start. Everything that an answer must match is checked by the library:
 * state, issuer, audience, nonce, times, and the signature of the ID token.
 */
import type { ClientAuth, Configuration } from 'openid-client';
import { HoldfastError, messageOf } from '../core/errors.js';
import { withTimeLimit } from '../core/time-limit.js';
import { withoutUnseen } from '../core/unseen.js';
import { claimValues, type Claims } from './claims.js';

/** The time that one request to the issuer may take, milliseconds. */
const REQUEST_MS = 5_000;

/** The age up to which what was discovered is used, milliseconds: issuers seldom change. */
const DISCOVERED_MS = 60 * 60 * 1000;

/** The time after a discovery that failed in which there is no other, milliseconds. */
const FAILED_MS = 2_000;

/** The longest part of a message that comes from the issuer. */
const QUOTED_MAX = 200;

/** The settings of an issuer. */
export interface IssuerSettings {
  readonly url: string;
  readonly clientId: string;
  /** `undefined`: a public client, with PKCE alone. */
  readonly clientSecret: string | undefined;
  readonly redirectUri: string;
  /** Separated by spaces; `openid` is one of them. */
  readonly scopes: string;
  /** Claims that are read from UserInfo when the ID token lacks one of them. */
  readonly needed: readonly string[];
}

/** The parts of a sign-in that the answer of the issuer must match. */
export interface ExpectedAnswer {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Issuer asks one issuer to sign people in, and checks its answers. */
export class Issuer {
  readonly #settings: IssuerSettings;
  readonly #monotonic: () => number;
  #discovered: { readonly at: number; readonly config: Promise<Configuration> } | undefined;
  #failed: { readonly at: number; readonly error: HoldfastError } | undefined;

  constructor(settings: IssuerSettings, monotonic: () => number) {
    this.#settings = settings;
    this.#monotonic = monotonic;
  }

  /** Makes the address that a browser is sent to. @throws HoldfastError `issuer_unavailable` */
  async ask(): Promise<{ readonly url: string; readonly expected: ExpectedAnswer }> {
    const client = await import('openid-client');
    const config = await this.#config();
    const verifier = client.randomPKCECodeVerifier();
    const expected = { state: client.randomState(), nonce: client.randomNonce(), verifier };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: this.#settings.redirectUri,
      scope: this.#settings.scopes,
      state: expected.state,
      nonce: expected.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, expected };
  }

  /**
   * Exchanges the answer of the issuer for claims that it signed.
   *
   * @param query of the request that the browser was sent back with
   * @throws HoldfastError `unauthorized` when anything is not as it must be; `issuer_unavailable`
   */
  async claims(query: string, { state, nonce, verifier }: ExpectedAnswer): Promise<Claims> {
    const { authorizationCodeGrant, fetchUserInfo } = await import('openid-client');
    const config = await this.#config();
    const at = new URL(this.#settings.redirectUri);
    at.search = query;
    try {
      const tokens = await authorizationCodeGrant(config, at, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new TypeError('the answer has no ID token');
      const isMissing = this.#settings.needed.some((path) => claimValues(claims, path) === undefined);
      if (!isMissing || config.serverMetadata().userinfo_endpoint === undefined) return claims;
      return { ...(await fetchUserInfo(config, tokens.access_token, claims.sub)), ...claims };
    } catch (error) {
      throw refusalOf(error, this.#settings.url);
    }
  }

  async #config(): Promise<Configuration> {
    const now = this.#monotonic();
    if (this.#failed !== undefined && now - this.#failed.at < FAILED_MS) throw this.#failed.error;
    if (this.#discovered === undefined || now - this.#discovered.at > DISCOVERED_MS) {
      const config = this.#discover();
      this.#discovered = { at: now, config };
    }
    const { config } = this.#discovered;
    try {
      return await config;
    } catch (error) {
      const refusal = unavailable(error, this.#settings.url);
      this.#failed = { at: this.#monotonic(), error: refusal };
      if (this.#discovered.config === config) this.#discovered = undefined;
      throw refusal;
    }
  }

  async #discover(): Promise<Configuration> {
    const client = await import('openid-client');
    const { url, clientId, clientSecret } = this.#settings;
    const isPlain = new URL(url).protocol === 'http:';
    return client.discovery(
      new URL(url),
      clientId,
      {},
      clientSecret === undefined ? client.None() : secretAuth(client, clientSecret),
      {
        [client.customFetch]: (address, { signal, ...options }) =>
          fetch(address, { ...options, signal: withTimeLimit(signal, REQUEST_MS) } as RequestInit),
        // Plain http is of this machine alone: the settings refuse others.
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- so marked to stand out
        execute: [client.enableNonRepudiationChecks, ...(isPlain ? [client.allowInsecureRequests] : [])],
      },
    );
  }
}

/** Sends the secret in the way that the issuer takes: in the header, unless it says that it does not. */
function secretAuth(
  { ClientSecretBasic, ClientSecretPost }: typeof import('openid-client'),
  secret: string,
): ClientAuth {
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const isPost = !methods.includes('client_secret_basic') && methods.includes('client_secret_post');
    (isPost ? post : basic)(server, client, body, headers);
  };
}

/** Returns a text of the issuer as a part of a message: bounded, and without what is not seen. */
function quoted(text: string): string {
  return withoutUnseen(text).trim().slice(0, QUOTED_MAX);
}

function unavailable(error: unknown, url: string): HoldfastError {
  return new HoldfastError(
    'issuer_unavailable',
    `the issuer ${url} could not be asked (${reasonOf(error)}): try again, or sign in with a token`,
    { cause: error },
  );
}

/** The error for an answer that does not count. An issuer that cannot be reached is another matter. */
function refusalOf(error: unknown, url: string): HoldfastError {
  if (isUnreachable(error)) return unavailable(error, url);
  const told = issuerError(error);
  const why =
    told === undefined
      ? `its answer was not accepted (${reasonOf(error)})`
      : `it answered ${quoted(told.error)}${told.description === undefined ? '' : ` (${quoted(told.description)})`}`;
  return new HoldfastError('unauthorized', `the issuer ${url} did not sign you in: ${why}. Sign in again`, {
    cause: error,
  });
}

/** The error that the issuer itself names, at the end of a redirection or of a request. */
function issuerError(error: unknown): { error: string; description: string | undefined } | undefined {
  if (!(error instanceof Error) || !('error' in error) || typeof error.error !== 'string') return undefined;
  const description = 'error_description' in error ? error.error_description : undefined;
  return { error: error.error, description: typeof description === 'string' ? description : undefined };
}

/** Failed connections are TypeErrors of `fetch` with a cause; statuses from 500 are no answers either. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_ABORT')) return true;
  if (error.name === 'TimeoutError' || (error instanceof TypeError && error.message === 'fetch failed'))
    return true;
  return error.cause instanceof Response && error.cause.status >= 500;
}

/** The message of an error and of its causes: `fetch failed` alone says nothing. */
function reasonOf(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at instanceof Error && parts.length < 3; at = at.cause) {
    const text = messageOf(at);
    if (text !== '' && !parts.includes(text)) parts.push(text);
    if (at instanceof AggregateError && at.errors[0] instanceof Error) parts.push(at.errors[0].message);
  }
  return quoted(parts.join(': ') || messageOf(error));
}
