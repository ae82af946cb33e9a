/** What the harness asks of every kind of client. */
import type { Truth } from '../truth.js';
import type { Journal, Via } from './journal.js';

export interface Client {
  readonly name: string;
  readonly via: Via;
  readonly environment: bigint;
  /** What it received; `undefined` for one that does not show it. */
  readonly journal: Journal | undefined;
  /** What it lacks to have exactly this, or what it has beyond it; `undefined` when there is nothing to say. */
  differs(truth: Truth): string | undefined;
  close(): void;
}

export interface ClientOptions {
  readonly name: string;
  readonly environment: bigint;
  readonly key: string;
  readonly via: Via;
  /** Of the server, without a path. */
  readonly url: string;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

export const STREAM_PATH = '/api/v1/sse/config';

export function authorization(key: string): string {
  return `Basic ${Buffer.from(`chaos:${key}`).toString('base64')}`;
}
