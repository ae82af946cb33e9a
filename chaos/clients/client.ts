/** The interface of every kind of client of the harness. */
import type { Truth } from '../truth.js';
import type { Journal, Via } from './journal.js';

export interface Client {
  readonly name: string;
  readonly via: Via;
  readonly environment: bigint;
  /** The received events; `undefined` for a client that does not show them. */
  readonly journal: Journal | undefined;
  /** The first difference from exactly this; `undefined` when there is none. */
  differs(truth: Truth): string | undefined;
  close(): void;
}

export interface ClientOptions {
  readonly name: string;
  readonly environment: bigint;
  readonly key: string;
  readonly via: Via;
  /** The server's URL, without a path. */
  readonly url: string;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

export const STREAM_PATH = '/api/v1/sse/config';

export function authorization(key: string): string {
  return `Basic ${Buffer.from(`chaos:${key}`).toString('base64')}`;
}
