/** The writers' record of their commits: which were acknowledged, which were not. */
import type { Intent } from './intent.js';

export type Outcome =
  /** The store has it, at that version, and its configs by these ids. */
  | {
      readonly kind: 'committed';
      readonly version: bigint;
      readonly ids: ReadonlyMap<string, bigint>;
      /** The node that answered. */
      readonly by?: number;
    }
  /** It was taken in and will be committed; when, and at which version, is not known. */
  | { readonly kind: 'accepted' }
  /** It was refused and must not be in the store. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** There was no answer: all of it is in the store, or nothing. */
  | { readonly kind: 'unknown'; readonly reason: string };

export interface Entry {
  readonly intent: Intent;
  /** The writer's key; its value in the store is the token. */
  readonly writerKey: string;
  /** The version that `If-Match` named. */
  readonly ifVersion: bigint | undefined;
  /** The time, by performance.now(). */
  readonly begun: number;
  outcome?: Outcome;
  /** When the outcome was known. */
  settled?: number;
  attempts: number;
}

export class Ledger {
  readonly entries: Entry[] = [];

  begin(intent: Intent, writerKey: string, ifVersion?: bigint): Entry {
    const entry: Entry = { intent, writerKey, ifVersion, begun: performance.now(), attempts: 0 };
    this.entries.push(entry);
    return entry;
  }

  settle(entry: Entry, outcome: Outcome): void {
    entry.outcome = outcome;
    entry.settled = performance.now();
  }

  /** The commits that have no outcome yet, as `token after N attempts`. */
  unsettled(): string[] {
    return this.entries
      .filter(({ outcome }) => outcome === undefined)
      .map(({ intent, attempts }) => `${intent.token} after ${attempts} attempts`);
  }

  count(kind: Outcome['kind']): number {
    return this.entries.filter(({ outcome }) => outcome?.kind === kind).length;
  }
}
