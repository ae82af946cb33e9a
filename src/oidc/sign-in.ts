/**
 * Signing in with an issuer: authorization code with PKCE. Each request may reach another node; what
 * must outlast one is sealed in the cookie (flow.ts) or is in the store (operators/sessions.ts).
 *
 *     page      GET  …/oidc/start      → the issuer, with the cookie `asked`
 *     issuer    GET  …/oidc/callback   → the page with a code in the fragment, and `answered` or `refused`
 *     page      POST …/sign-in {code}  → the token of a session, or why not
 */
import { randomBytes } from 'node:crypto';
import { HoldfastError } from '../core/errors.js';
import { withoutUnseen } from '../core/unseen.js';
import { hashToken, isSameHash } from '../operators/fresh-records.js';
import type { PreparedSession, SessionDirectory } from '../operators/sessions.js';
import type { SessionRecord } from '../store/sessions.js';
import { claimValues, personName, type Claims } from './claims.js';
import type { FlowSeal, FlowState } from './flow.js';
import type { Issuer } from './issuer.js';
import { decideRole, type RoleRule } from './roles.js';

/** The settings of signing in with an issuer. */
export interface OidcSettings {
  /** The issuer's URL, as sessions have it. */
  readonly issuer: string;
  /** The claim that gives roles. */
  readonly rolesClaim: string;
  readonly roles: readonly RoleRule[];
  /** `undefined`: the first of email, preferred_username and sub. */
  readonly nameClaim: string | undefined;
}

/** The collaborators of {@link OidcSignIn}. */
export interface OidcParts {
  readonly settings: OidcSettings;
  readonly issuer: Pick<Issuer, 'ask' | 'claims'>;
  readonly sessions: SessionDirectory;
  readonly seal: FlowSeal;
  /** Finds environments by numbers or names; those that do not exist are left out. */
  readonly environments: (texts: readonly string[]) => Promise<readonly bigint[]>;
}

/** An address to send the browser to, and the cookie that it keeps until it is back. */
export interface Redirection {
  readonly location: string;
  readonly cookie: string;
}

/** The end of a sign-in at the issuer. The page shows a refusal when it has opened. */
export type SignInResult = Redirection &
  (
    | { readonly kind: 'granted'; readonly person: PreparedSession }
    | {
        readonly kind: 'refused';
        readonly error: HoldfastError;
        /** The person, where the issuer named one. */
        readonly name?: string;
      }
  );

/** The state of a sign-in that has ended. */
export type EndedFlow = Exclude<FlowState, { step: 'asked' }>;

/** The page that is opened when nothing says which. */
const HOME = '/console/';

/** Values of a claim that a refusal names. */
const SHOWN_VALUES = 10;

/** OidcSignIn sends people to the issuer, and takes them back. */
export class OidcSignIn {
  readonly #parts: OidcParts;

  constructor(parts: OidcParts) {
    this.#parts = parts;
  }

  /** Begins a sign-in. A failure of the issuer is shown by the page. @param returnTo a path of the console */
  async begin(returnTo: string): Promise<Redirection> {
    try {
      const { url, expected } = await this.#parts.issuer.ask();
      const cookie = await this.#parts.seal.seal({ step: 'asked', ...expected, returnTo });
      return { location: url, cookie };
    } catch (error) {
      return this.#refuse(returnTo, error);
    }
  }

  /**
   * Takes a browser back from the issuer.
   *
   * @param query of its request
   * @param cookie that it kept
   */
  async finish(query: string, cookie: string | undefined): Promise<SignInResult> {
    const { issuer, sessions, seal } = this.#parts;
    const flow = await seal.open(cookie);
    if (flow?.step !== 'asked') return this.#refuse(HOME, notBegun());
    const { returnTo } = flow;
    let claims: Claims | undefined;
    try {
      // Compared before anything is asked: an answer to another sign-in is no reason to ask.
      if (!isSame(new URLSearchParams(query).get('state') ?? '', flow.state)) throw notBegun();
      claims = await issuer.claims(query, flow);
      const person = await this.#admit(claims);
      const code = await sessions.prepare(person);
      const answered = await seal.seal({ step: 'answered', codeHash: hashToken(code) });
      return { kind: 'granted', location: withCode(returnTo, code), cookie: answered, person };
    } catch (error) {
      const name = claims && personName(claims, this.#parts.settings.nameClaim);
      return { ...(await this.#refuse(returnTo, error)), ...(name === undefined ? {} : { name }) };
    }
  }

  /** Returns the sign-in that ended with a code in this browser; `undefined`: none did. */
  async ofCode(code: string, cookie: string | undefined): Promise<EndedFlow | undefined> {
    const flow = await this.#parts.seal.open(cookie);
    if (flow === undefined || flow.step === 'asked') return undefined;
    return isSame(hashToken(code), flow.codeHash) ? flow : undefined;
  }

  /**
   * Begins the session of a code.
   *
   * @param flow of {@link ofCode}
   * @throws HoldfastError the refusal of the sign-in; `unauthorized` when the code was used
   */
  async redeem(
    code: string,
    flow: EndedFlow,
  ): Promise<{ readonly session: SessionRecord; readonly token: string }> {
    if (flow.step === 'refused') throw new HoldfastError(flow.error, flow.message);
    const begun = await this.#parts.sessions.begin(code);
    if (begun === undefined) throw usedCode();
    return begun;
  }

  async #admit(claims: Claims): Promise<PreparedSession> {
    const { issuer, rolesClaim, roles, nameClaim } = this.#parts.settings;
    const name = personName(claims, nameClaim);
    if (name === undefined) throw nameless(issuer, nameClaim);
    const values = claimValues(claims, rolesClaim);
    const decision = decideRole(values ?? [], roles);
    if (decision.kind === 'refused') throw unmapped(name, rolesClaim, values);
    const { role, value } = decision;
    const wanted = decision.environments;
    const environments = wanted === 'all' ? wanted : await this.#parts.environments(wanted);
    if (environments.length === 0) throw noEnvironment(name, `${rolesClaim}=${value}`, decision.environments);
    const subject = typeof claims.sub === 'string' ? claims.sub : '';
    return { name, role, environments, issuer, subject, claim: `${rolesClaim}=${value}` };
  }

  async #refuse(returnTo: string, thrown: unknown): Promise<Extract<SignInResult, { kind: 'refused' }>> {
    const error = asRefusal(thrown);
    const code = randomBytes(18).toString('base64url');
    const state: FlowState = {
      step: 'refused',
      codeHash: hashToken(code),
      error: error.code,
      message: error.message,
    };
    const cookie = await this.#parts.seal.seal(state);
    return { kind: 'refused', location: withCode(returnTo, code), cookie, error };
  }
}

/**
 * Returns the path of the console that a sign-in returns to; `undefined` when a text is none, such as
 * the address of another site.
 */
export function consolePath(text: string): string | undefined {
  const base = 'http://console.invalid';
  if (!text.startsWith(HOME) || /[\\\p{Cc}]/u.test(text) || !URL.canParse(text, base)) return undefined;
  const { origin, pathname, search } = new URL(text, base);
  return origin === base && pathname.startsWith(HOME) ? `${pathname}${search}` : undefined;
}

function withCode(returnTo: string, code: string): string {
  return `${returnTo}#code=${code}`;
}

function isSame(a: string, b: string): boolean {
  return isSameHash(hashToken(a), hashToken(b));
}

type Refusal = HoldfastError & { readonly code: Extract<FlowState, { step: 'refused' }>['error'] };

/** An unexpected error is thrown again: the request fails with it. */
function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof HoldfastError && isRefusal(thrown)) return thrown;
  throw thrown;
}

const REFUSALS: readonly string[] = [
  'unauthorized',
  'forbidden',
  'busy',
  'issuer_unavailable',
  'store_unavailable',
] satisfies Refusal['code'][];

function isRefusal(error: HoldfastError): error is Refusal {
  return REFUSALS.includes(error.code);
}

function notBegun(): HoldfastError {
  return new HoldfastError(
    'unauthorized',
    'this sign-in was begun in another browser, more than 10 minutes ago, or not at all: sign in again',
  );
}

function usedCode(): HoldfastError {
  return new HoldfastError('unauthorized', 'that code was used, or is older than 2 minutes: sign in again');
}

function nameless(issuer: string, claim: string | undefined): HoldfastError {
  const wanted = claim === undefined ? 'none of email, preferred_username and sub' : `no claim ${claim}`;
  return new HoldfastError(
    'forbidden',
    `the issuer ${issuer} gives ${wanted} that can be a name (root is taken): ask an admin to change HOLDFAST_OIDC_NAME_CLAIM or what the issuer sends`,
  );
}

function unmapped(name: string, claim: string, values: readonly string[] | undefined): HoldfastError {
  const found =
    values === undefined
      ? `sends no claim ${claim}${claim === 'email' ? ' that it has verified' : ''}`
      : values.length === 0
        ? `sends the claim ${claim} without a value`
        : `sends the claim ${claim} with ${shown(values)}`;
  return new HoldfastError(
    'forbidden',
    `${name} has no role here: the issuer ${found}, and HOLDFAST_OIDC_ROLES has no entry for that. Ask an admin to add you to a group that has one, or to add an entry`,
  );
}

function noEnvironment(name: string, claim: string, wanted: 'all' | readonly string[]): HoldfastError {
  return new HoldfastError(
    'forbidden',
    `${name} has a role by ${claim}, but for no environment that exists: HOLDFAST_OIDC_ROLES names ${shown(wanted === 'all' ? [] : wanted)}. Ask an admin to correct it`,
  );
}

function shown(values: readonly string[]): string {
  const list = values.slice(0, SHOWN_VALUES).map((value) => withoutUnseen(value).slice(0, 60));
  const rest = values.length - list.length;
  return `${list.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
