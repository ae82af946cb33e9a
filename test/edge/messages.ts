/** HTTP messages as they travel between the host's two threads. */
import type { WasmModule } from './web-assembly.js';

export type HeaderList = [name: string, value: string][];

export interface EdgeRequest {
  method: string;
  /** Absolute. */
  uri: string;
  headers: HeaderList;
  body: Uint8Array;
}

export interface EdgeResponse {
  status: number;
  headers: HeaderList;
  body: Uint8Array;
}

/** The decision of a guest about a request of a client. */
export type Outcome =
  | { readonly kind: 'respond'; readonly response: EdgeResponse }
  /** `redirect_to_grip_proxy`: Fanout is to ask the backend and to hold the connection. */
  | { readonly kind: 'handoff'; readonly backend: string; readonly request: EdgeRequest };

/** A request to a backend, as a guest sends it. */
export interface BackendRequest {
  readonly backend: string;
  readonly request: EdgeRequest;
  /** Past the cache, as the guest asked. */
  readonly pass: boolean;
}

/** The part of an answer that a cache keeps. Durations in seconds. */
export interface Stored {
  readonly response: EdgeResponse;
  readonly maxAge: number;
  readonly initialAge: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  readonly vary: string;
  readonly surrogateKeys: string;
}

/** A question of the thread of a guest to the host, for whose answer it waits. */
export type Ask =
  | { readonly kind: 'send'; readonly send: BackendRequest }
  | { readonly kind: 'lookup'; readonly request: EdgeRequest }
  | { readonly kind: 'store'; readonly request: EdgeRequest; readonly stored: Stored };

export type Reply =
  | { readonly kind: 'response'; readonly response: EdgeResponse }
  /** The backend cannot be reached. */
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'found'; readonly found: Found | undefined }
  | { readonly kind: 'stored' };

export interface Found {
  readonly stored: Stored;
  /** Seconds. */
  readonly age: number;
}

/** The data with which a guest's thread is started. */
export interface GuestStart {
  readonly wasm: WasmModule;
  readonly request: EdgeRequest;
  /** True when the service has Fastly's HTTP cache for guests. */
  readonly httpCache: boolean;
  /** Counts up when the host has replied. */
  readonly replies: SharedArrayBuffer;
}

export function valuesOf(headers: HeaderList, name: string): string[] {
  return headers.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

export function valueOf(headers: HeaderList, name: string): string | undefined {
  return valuesOf(headers, name)[0];
}

export function withHeader(headers: HeaderList, name: string, value: string): HeaderList {
  return [...withoutHeader(headers, name), [name, value]];
}

export function withoutHeader(headers: HeaderList, name: string): HeaderList {
  return headers.filter(([each]) => each.toLowerCase() !== name.toLowerCase());
}
