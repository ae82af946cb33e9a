/** The keys of one environment that a belt server knows: those of all its manifests. */
import { runSoon, type Steps } from '../../core/steps.js';
import type { CopiedKey } from '../format/manifest.js';
import { mergeKeys } from '../format/order.js';

/** Keys that are indexed in one step. */
const PER_STEP = 256;

/** Merges keys of manifests, and finds them by their hash. A revocation is never taken back. */
export class KnownKeys {
  #all: readonly CopiedKey[] = [];
  #byHash: ReadonlyMap<string, CopiedKey> = new Map();
  #learning: Promise<void> = Promise.resolve();

  /** All of them, ascending by id; another list after each change. */
  get all(): readonly CopiedKey[] {
    return this.#all;
  }

  get(hash: string): CopiedKey | undefined {
    return this.#byHash.get(hash);
  }

  /** Adds keys and revocations. Resolves when they can be found. Never rejects. */
  learn(keys: readonly CopiedKey[]): Promise<void> {
    // One after the other: each begins with what the one before has merged.
    this.#learning = this.#learning.then(async () => {
      const merged = mergeKeys(this.#all, keys);
      if (merged === this.#all) return;
      const byHash = await runSoon(byHashSteps(merged));
      this.#all = merged;
      this.#byHash = byHash;
    });
    return this.#learning;
  }
}

function* byHashSteps(keys: readonly CopiedKey[]): Steps<ReadonlyMap<string, CopiedKey>> {
  const byHash = new Map<string, CopiedKey>();
  for (const key of keys) {
    byHash.set(key.hash, key);
    if (byHash.size % PER_STEP === 0) yield;
  }
  return byHash;
}
