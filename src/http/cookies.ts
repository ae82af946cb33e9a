/** The cookie of a sign-in with an issuer: the only one that Holdfast sets. [protocol] #sign-in-with-an-issuer */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The cookie of a sign-in: its name, and whether it needs https. */
export interface SignInCookie {
  readonly name: string;
  readonly isSecure: boolean;
}

/** Time enough for the slowest step; what is sealed in it has a time of its own. Seconds. */
const MAX_AGE = 600;

/** Chooses the cookie for the address of the console. With https its name forbids others to set it. */
export function signInCookie(consoleUrl: string): SignInCookie {
  return consoleUrl.startsWith('https:')
    ? { name: '__Host-holdfast-sign-in', isSecure: true }
    : { name: 'holdfast-sign-in', isSecure: false };
}

/** Reads the value of a cookie; `undefined` when there is none. */
export function readCookie(request: IncomingMessage, { name }: SignInCookie): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Sets the cookie; `undefined` removes it. */
export function setCookie(
  response: ServerResponse,
  { name, isSecure }: SignInCookie,
  value: string | undefined,
): void {
  const age = value === undefined ? 0 : MAX_AGE;
  // Lax, because the issuer sends the browser back by a link.
  const attributes = `Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  response.setHeader('Set-Cookie', `${name}=${value ?? ''}; ${attributes}`);
}
