/**
 * A small issuer of OpenID Connect on loopback, whose answers a test chooses: what a real one never
 * does. End-to-end tests use oidc-provider.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';

/** The deviations of the next answers. */
export interface IssuerBehaviour {
  /** More claims, or others; `undefined` leaves one out. */
  claims: Record<string, unknown>;
  /** Claims of UserInfo. */
  userInfo: Record<string, unknown>;
  /** The algorithm and key that sign the ID token. */
  signing: 'key' | 'another key' | 'none';
  /** The status of each answer. */
  status: number | undefined;
  /** True: requests are never answered. */
  isSilent: boolean;
  /** The secrets of the client that are good; `undefined`: none is asked for. */
  secrets: readonly string[] | undefined;
  /** The issuer that discovery names. */
  namedAs: string | undefined;
}

export interface TestIssuer {
  readonly url: string;
  readonly behaviour: IssuerBehaviour;
  /** The paths of the requests since the start. */
  readonly requests: string[];
  /** Signs a person in at the address that a browser was sent to; returns where it is sent back. */
  authorize(address: string): string;
  reset(): void;
  stop(): Promise<void>;
}

export const CLIENT_ID = 'holdfast';
const ALG = 'ES256';

function usual(): IssuerBehaviour {
  return {
    claims: {},
    userInfo: {},
    signing: 'key',
    status: undefined,
    isSilent: false,
    secrets: undefined,
    namedAs: undefined,
  };
}

/** Starts an issuer. Its tokens are for {@link CLIENT_ID}. */
export async function startIssuer(): Promise<TestIssuer> {
  const [key, other] = [await generateKeyPair(ALG), await generateKeyPair(ALG)];
  const jwk = { ...(await exportJWK(key.publicKey)), kid: '1', alg: ALG, use: 'sig' };
  const codes = new Map<string, { nonce: string; challenge: string }>();
  const behaviour = usual();
  const requests: string[] = [];
  let url = '';

  async function idToken(nonce: string): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims: JWTPayload = {
      ...{ iss: url, aud: CLIENT_ID, sub: 'person-1', nonce, iat: now, exp: now + 300 },
      ...behaviour.claims,
    };
    if (behaviour.signing === 'none') return new UnsecuredJWT(claims).encode();
    const { privateKey } = behaviour.signing === 'key' ? key : other;
    return new SignJWT(claims).setProtectedHeader({ alg: ALG, kid: '1' }).sign(privateKey);
  }

  async function answer(path: string, body: URLSearchParams, authorization = ''): Promise<[number, object]> {
    if (path === '/.well-known/openid-configuration') {
      return [
        200,
        {
          issuer: behaviour.namedAs ?? url,
          authorization_endpoint: `${url}/authorize`,
          token_endpoint: `${url}/token`,
          userinfo_endpoint: `${url}/userinfo`,
          jwks_uri: `${url}/jwks`,
          code_challenge_methods_supported: ['S256'],
          id_token_signing_alg_values_supported: [ALG],
        },
      ];
    }
    if (path === '/jwks') return [200, { keys: [jwk] }];
    if (path === '/userinfo') return [200, { sub: 'person-1', ...behaviour.userInfo }];
    // The form of RFC 6749: both are encoded before they are joined.
    const [, secret = ''] = atob(authorization.replace(/^Basic /, ''))
      .split(':')
      .map(decodeURIComponent);
    if (behaviour.secrets?.includes(secret) === false) {
      return [401, { error: 'invalid_client', error_description: 'the secret is not valid' }];
    }
    const code = codes.get(body.get('code') ?? '');
    codes.delete(body.get('code') ?? '');
    const verifier = body.get('code_verifier') ?? '';
    const proof = createHash('sha256').update(verifier).digest('base64url');
    if (code?.challenge !== proof)
      return [400, { error: 'invalid_grant', error_description: 'the code is not valid' }];
    return [200, { access_token: 'access', token_type: 'Bearer', id_token: await idToken(code.nonce) }];
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '', 'http://issuer.test');
    requests.push(pathname);
    if (behaviour.isSilent) return;
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      void answer(pathname, new URLSearchParams(text), request.headers.authorization).then(
        ([status, body]) => {
          response.writeHead(behaviour.status ?? status, { 'Content-Type': 'application/json' });
          response.end(JSON.stringify(body));
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    behaviour,
    requests,
    authorize: (address) => {
      const { searchParams } = new URL(address);
      const code = randomBytes(8).toString('hex');
      codes.set(code, {
        nonce: searchParams.get('nonce') ?? '',
        challenge: searchParams.get('code_challenge') ?? '',
      });
      const back = new URL(searchParams.get('redirect_uri') ?? '');
      back.search = new URLSearchParams({ code, state: searchParams.get('state') ?? '' }).toString();
      return back.href;
    },
    reset: () => void Object.assign(behaviour, usual()),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
