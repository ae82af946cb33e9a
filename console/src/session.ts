/**
 * The operator who is signed in. The token is kept in memory, and in sessionStorage when the user asks for that:
 * then it outlives a reload, and ends with the tab.
 */
import { useSyncExternalStore } from 'react';

/** An operator, as `GET /admin/v1/self` answers. */
export interface Self {
  readonly name: string;
  readonly role: 'viewer' | 'editor' | 'admin';
  readonly environments: 'all' | readonly string[];
}

/** The state of signing in. */
export type Session =
  | { readonly kind: 'starting' }
  /** `reason` is shown above the form. */
  | { readonly kind: 'none'; readonly reason?: string }
  | { readonly kind: 'active'; readonly token: string; readonly self: Self }
  /** The token is no longer accepted. The pages stay, with what was typed, until the operator signs in again. */
  | { readonly kind: 'paused'; readonly self: Self; readonly reason: string }
  /** Another tab was signed in by this one, which has nothing more to do. */
  | { readonly kind: 'handed over' };

const STORED = 'holdfast.token';
const listeners = new Set<() => void>();
let current: Session = { kind: 'starting' };

/** Returns the token that an earlier page of this tab was asked to keep. */
export function storedToken(): string | undefined {
  return sessionStorage.getItem(STORED) ?? undefined;
}

/** Begins a session with a token that the server accepted. */
export function beginSession(token: string, self: Self, isKept: boolean): void {
  if (isKept) sessionStorage.setItem(STORED, token);
  set({ kind: 'active', token, self });
}

/** Ends the session, and forgets the token. */
export function endSession(reason?: string): void {
  sessionStorage.removeItem(STORED);
  set(reason === undefined ? { kind: 'none' } : { kind: 'none', reason });
}

/** Notes that the server could not be asked about the token of the tab, which is kept for another try. */
export function postponeSession(reason: string): void {
  set({ kind: 'none', reason });
}

/** Keeps the pages of a session whose token is no longer accepted, until the operator signs in again. */
export function pauseSession(reason: string): void {
  sessionStorage.removeItem(STORED);
  if (current.kind === 'active') set({ kind: 'paused', self: current.self, reason });
}

/** Notes that another tab was signed in by this one. */
export function noteHandedOver(): void {
  set({ kind: 'handed over' });
}

/** Returns the token of the session; `undefined` without one. */
export function currentToken(): string | undefined {
  return current.kind === 'active' ? current.token : undefined;
}

/** Subscribes a component to the session. */
export function useSession(): Session {
  return useSyncExternalStore(subscribe, () => current);
}

/** Returns the operator that is signed in. Only for what is drawn inside of the shell. */
export function useSelf(): Self {
  const session = useSession();
  if (session.kind !== 'active' && session.kind !== 'paused')
    throw new Error('nothing is drawn here without an operator');
  return session.self;
}

const ORDER = ['viewer', 'editor', 'admin'] as const;

/** Returns true when the operator's role includes another one: what it does not include is not offered. */
export function useMay(role: Self['role']): boolean {
  const self = useSelf();
  return ORDER.indexOf(self.role) >= ORDER.indexOf(role);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function set(next: Session): void {
  current = next;
  for (const listener of listeners) listener();
}
