/** Signs people in at nodes with the small issuer of tests, by the requests of a browser. */
import type { TestIssuer } from './issuer.js';

/** The outcome of a sign-in: the token of the session, or the message of the refusal. */
export interface SignedIn {
  readonly token?: string;
  readonly message?: string;
}

/** The cookie that an answer sets, without its attributes. */
function cookieOf(answer: Response): string {
  return (answer.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
}

/** Signs a person in at the node with the URL. */
export async function signInAt(url: string, issuer: TestIssuer): Promise<SignedIn> {
  const begun = await fetch(`${url}/admin/v1/oidc/start`, { redirect: 'manual' });
  const { pathname, search } = new URL(issuer.authorize(begun.headers.get('location') ?? ''));
  const back = await fetch(`${url}${pathname}${search}`, {
    redirect: 'manual',
    headers: { cookie: cookieOf(begun) },
  });
  const code = /#code=(.+)$/.exec(back.headers.get('location') ?? '')?.[1] ?? '';
  const answer = await fetch(`${url}/admin/v1/sign-in`, {
    method: 'POST',
    headers: { cookie: cookieOf(back), 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  const { token, error } = (await answer.json()) as { token?: string; error?: { message: string } };
  return { ...(token !== undefined && { token }), ...(error !== undefined && { message: error.message }) };
}

/** The status with which a node answers a token that asks for itself. */
export async function statusOfToken(url: string, token: string): Promise<number> {
  const answer = await fetch(`${url}/admin/v1/self`, { headers: { authorization: `Bearer ${token}` } });
  await answer.body?.cancel();
  return answer.status;
}
