/** Signing in by a token, by a code that works once, or with the issuer; and signing out. */
import { ApiError, call, type AdminSchemas } from './api.js';
import {
  beginSession,
  endSession,
  noteHandedOver,
  postponeSession,
  storedToken,
  type Self,
} from './session.js';

/** The page that a window opens for another tab; the issuer sends it back here. */
const HAND_OVER = '/console/signed-in';

/** The channel by which such a window hands the session over. Only pages of this origin hear it. */
const CHANNEL = 'holdfast.sign-in';

/** The longest path that the issuer's way back leads to; the server refuses longer ones. */
const RETURN_MAX = 1_000;

/** The time that signing out waits for the server, milliseconds. */
const SIGN_OUT_MS = 3_000;

/** Signing in with the issuer, as the server describes it. */
export type IssuerLink = NonNullable<AdminSchemas['WaysToSignIn']['oidc']>;

/** Asks the server with which issuer people sign in; `undefined`: with none. @throws ApiError */
export async function issuerLink(signal: AbortSignal): Promise<IssuerLink | undefined> {
  return (await call<AdminSchemas['WaysToSignIn']>('/sign-in', { token: '', signal })).oidc;
}

/** Returns the address that begins a sign-in with the issuer, and comes back to the open page. */
export function issuerAddress({ url }: IssuerLink): string {
  const page = location.pathname + location.search;
  return addressWith(url, page.length > RETURN_MAX ? '/console/' : page);
}

/** Opens a window that signs in with the issuer, and hands the session over to this tab. */
export function openIssuerWindow({ url }: IssuerLink): void {
  open(addressWith(url, HAND_OVER), '_blank', 'popup,width=520,height=720');
}

/** Begins the session that another window hands over. Returns what stops waiting for it. */
export function awaitHandOver(): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<SignedIn>) => beginSession(data.token, data.self, true);
  return () => channel.close();
}

/** Signs in with an operator's token. @throws ApiError when the server refuses it */
export async function signIn(token: string, isKept: boolean): Promise<void> {
  beginSession(token, await selfOf(token), isKept);
}

/** Ends the session here, and at the server where it has one. */
export async function signOut(): Promise<void> {
  try {
    await call('/sign-out', { body: {}, signal: AbortSignal.timeout(SIGN_OUT_MS) });
    endSession();
  } catch {
    endSession(
      'You are signed out here. The server could not be asked to end the session, which ends by itself.',
    );
  }
}

/**
 * Starts the session of a new page: by the code in the address (`/console/#code=…`, which works once
 * and is removed from the address), by the token that the tab keeps, or not at all.
 */
export async function startSession(): Promise<void> {
  const code = takeCode();
  const stored = storedToken();
  try {
    if (code !== undefined) {
      const { token } = await call<{ token: string }>('/sign-in', {
        body: { code },
        token: '',
        withCookie: true,
      });
      if (location.pathname === HAND_OVER) handOver({ token, self: await selfOf(token) });
      else await signIn(token, true);
    } else if (stored !== undefined) await signIn(stored, true);
    else endSession();
  } catch (error) {
    const isRefused = error instanceof ApiError && error.status === 401;
    if (code === undefined && isRefused) endSession();
    else if (code === undefined && stored !== undefined)
      postponeSession('The node could not be asked who you are. Reload the page to try again.');
    else endSession(error instanceof ApiError ? `Not signed in: ${error.message}.` : 'Not signed in.');
  }
}

interface SignedIn {
  readonly token: string;
  readonly self: Self;
}

function handOver(signedIn: SignedIn): void {
  new BroadcastChannel(CHANNEL).postMessage(signedIn);
  noteHandedOver();
  // Browsers may refuse; then the page says that it can be closed.
  close();
}

function selfOf(token: string): Promise<Self> {
  return call<Self>('/self', { token });
}

function addressWith(url: string, page: string): string {
  return `${url}?${new URLSearchParams({ return: page }).toString()}`;
}

/** The code in the address; afterwards neither the address nor the history of the browser has it. */
function takeCode(): string | undefined {
  const code = new URLSearchParams(location.hash.slice(1)).get('code') ?? undefined;
  if (code !== undefined) history.replaceState(null, '', location.pathname + location.search);
  return code;
}
