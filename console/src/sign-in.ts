/** Signing in by a token, or by a code that works once. */
import { ApiError, call } from './api.js';
import { beginSession, endSession, storedToken, type Self } from './session.js';

/** Signs in with an operator's token. @throws ApiError when the server refuses it */
export async function signIn(token: string, isKept: boolean): Promise<void> {
  beginSession(token, await call<Self>('/self', { token }), isKept);
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
      const { token } = await call<{ token: string }>('/sign-in', { body: { code }, token: '' });
      await signIn(token, true);
    } else if (stored !== undefined) await signIn(stored, true);
    else endSession();
  } catch (error) {
    if (code === undefined && error instanceof ApiError && error.status === 401) endSession();
    else endSession(error instanceof ApiError ? `Not signed in: ${error.message}.` : 'Not signed in.');
  }
}

/** The code in the address; afterwards neither the address nor the history of the browser has it. */
function takeCode(): string | undefined {
  const code = new URLSearchParams(location.hash.slice(1)).get('code') ?? undefined;
  if (code !== undefined) history.replaceState(null, '', location.pathname + location.search);
  return code;
}
