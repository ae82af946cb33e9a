/**
 * The GRIP proxies of an installation, as `GRIP_URL` names them: where to publish, with which
 * credential, and whose signature to believe.
 *
 * A GRIP URL is the field's usual form, such as `http://127.0.0.1:5561/?iss=pushpin&key=secret` for
 * Pushpin or `https://api.fastly.com/service/<id>?key=<token>&verify-iss=fastly:<id>` for Fastly
 * Fanout.
 */
import { Auth, loadKey, parseGripUri } from '@fanoutio/grip';
import { HoldfastError } from '../core/errors.js';
import { readKey, type VerifyKey } from './keys.js';

/** A GRIP proxy as `GRIP_URL` names it. */
export interface ProxyAddress {
  /** For logs, metrics and the cursor: scheme, host, port and path, never a credential. */
  readonly name: string;
  /** Where items are POSTed. Ends in `/publish/`; Fastly needs that last slash. */
  readonly publishUrl: string;
  /** The value of the `Authorization` header of a publish request. */
  readonly authorize: (() => Promise<string>) | undefined;
  /**
   * The signers of requests that come through it: one issuer, with one key or, during a key change,
   * several.
   */
  readonly signers: readonly TrustedSigner[];
  /** The largest body of one publish request, bytes. */
  readonly maxBody: number;
  /** Milliseconds between two publish requests, at least; 0: none. */
  readonly interval: number;
  /**
   * True when the host name may stand for several proxies, each of which must get every item:
   * self-hosted ones, reached over plain HTTP. A hosted service has many addresses too, but they
   * are one service.
   */
  readonly perAddress: boolean;
}

/**
 * A signer of requests that come through a proxy: a signature counts only if issuer and key belong
 * together.
 */
export interface TrustedSigner extends VerifyKey {
  readonly issuer: string;
}

/**
 * Pushpin's `push_in_http_max_body_size` in pushpin/pushpin.conf is 1,100,000; its default is
 * 1,000,000.
 */
const SELF_HOSTED_MAX_BODY = 900_000;
/** Fastly accepts 64 KB per publish request. */
const HOSTED_MAX_BODY = 64_000;
/** The issuer that Pushpin signs with unless configured otherwise (`sig_iss`). */
const PUSHPIN_ISSUER = 'pushpin';

/**
 * Reads one GRIP URL. The verification key comes from `verify-key` in the URL, else from
 * `verifyKeys` (GRIP_VERIFY_KEY), each of which then counts, else, when the URL has an `iss`, from
 * its shared `key`. The issuer comes from `verify-iss`, else `iss`, else it is `pushpin`.
 *
 * @param hostedInterval the `interval` of a hosted proxy, whose requests may be counted
 * @throws HoldfastError `field_invalid` for text that is not such a URL, and when there is no key:
 * without one, no signature could be believed and no hold would ever be given to the proxy.
 */
export function parseGripUrl(
  text: string,
  verifyKeys: readonly string[] = [],
  hostedInterval = 0,
): ProxyAddress {
  const config = parse(text);
  const control = new URL(config.control_uri);
  const name = `${control.protocol}//${control.host}${control.pathname.replace(/\/$/, '')}`;
  const keys = verifyKeysOf(config, verifyKeys);
  if (keys.length === 0) {
    throw invalid(
      `${name} has no key to verify Grip-Sig with: set GRIP_VERIFY_KEY, or add verify-key (or iss and key) to the URL`,
    );
  }
  if (config.control_iss !== undefined && (config.key ?? '') === '') {
    throw invalid(`${name} has iss but no key to sign publish requests with: add key to the URL`);
  }
  const selfHosted = control.protocol === 'http:';
  const issuer = config.verify_iss ?? config.control_iss ?? PUSHPIN_ISSUER;
  return {
    name,
    publishUrl: `${name}/publish/`,
    authorize: authorization(config),
    signers: keys.map((key) => ({ issuer, ...readKey(key, invalid) })),
    maxBody: selfHosted ? SELF_HOSTED_MAX_BODY : HOSTED_MAX_BODY,
    interval: selfHosted ? 0 : hostedInterval,
    perAddress: selfHosted,
  };
}

function verifyKeysOf(config: GripConfig, verifyKeys: readonly string[]): readonly string[] {
  if (config.verify_key !== undefined) return config.verify_key === '' ? [] : [config.verify_key];
  if (verifyKeys.length > 0) return verifyKeys;
  return config.control_iss === undefined || (config.key ?? '') === '' ? [] : [config.key ?? ''];
}

interface GripConfig {
  readonly control_uri: string;
  readonly control_iss?: string;
  readonly user?: string;
  readonly pass?: string;
  readonly key?: string;
  readonly verify_iss?: string;
  readonly verify_key?: string;
}

function parse(text: string): GripConfig {
  let config: GripConfig;
  try {
    config = parseGripUri(text);
  } catch (error) {
    throw invalid(
      'is not a URL; expected one such as http://127.0.0.1:5561/?iss=pushpin&key=<secret>',
      error,
    );
  }
  if (!/^https?:\/\//.test(config.control_uri)) {
    throw invalid('must begin with http:// or https://');
  }
  // A password with a slash in it ends the host, and would then be part of the proxy's name in logs
  // and metrics.
  if (new URL(config.control_uri).pathname.includes('@')) {
    throw invalid('has an @ in its path: in a user or password, write %2F for / and %40 for @');
  }
  return config;
}

/**
 * The same precedence as @fanoutio/grip: an issuer means a signed token, a key alone a bearer
 * token, else user and password.
 */
function authorization(config: GripConfig): ProxyAddress['authorize'] {
  if (config.control_iss !== undefined) {
    const auth = new Auth.Jwt({ iss: config.control_iss }, loadKey(config.key ?? ''));
    return () => auth.buildHeader();
  }
  if (config.key !== undefined) {
    const auth = new Auth.Bearer(config.key);
    return () => auth.buildHeader();
  }
  if (config.user !== undefined && config.pass !== undefined) {
    const auth = new Auth.Basic(unescaped(config.user), unescaped(config.pass));
    return () => auth.buildHeader();
  }
  return undefined;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw invalid(
      'has a user or password with a % that escapes nothing; write %25 for the sign itself',
      error,
    );
  }
}

function invalid(problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('field_invalid', `GRIP_URL: ${problem}`, { field: 'GRIP_URL', cause });
}
