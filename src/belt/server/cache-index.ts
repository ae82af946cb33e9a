/** An index of the environments on disk, by use. Pure. */

/** An environment on disk. */
export interface CachedEnvironment {
  readonly bytes: number;
  /** The version of which it is known that all of it is there. */
  readonly version?: bigint;
}

/** Counts environments on disk and their bytes; the one that was used longest ago comes first. */
export class CacheIndex {
  #all = new Map<bigint, CachedEnvironment>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#all.size;
  }

  get(environment: bigint): CachedEnvironment | undefined {
    return this.#all.get(environment);
  }

  has(environment: bigint): boolean {
    return this.#all.has(environment);
  }

  /** Notes what there is of an environment, as the last used one. */
  set(environment: bigint, { bytes, version }: CachedEnvironment): void {
    this.delete(environment);
    this.#all.set(environment, version === undefined ? { bytes } : { bytes, version });
    this.#bytes += bytes;
  }

  /** Adds environments that were used before those that are here already; oldest first. */
  addOlder(older: Iterable<readonly [environment: bigint, { readonly bytes: number }]>): void {
    const newer = this.#all;
    this.#all = new Map();
    this.#bytes = 0;
    for (const [environment, { bytes }] of older)
      if (!newer.has(environment)) this.set(environment, { bytes });
    for (const [environment, each] of newer) this.set(environment, each);
  }

  delete(environment: bigint): void {
    this.#bytes -= this.#all.get(environment)?.bytes ?? 0;
    this.#all.delete(environment);
  }

  /** Takes the oldest ones out until the rest is within a size; one always stays. */
  *takeOldest(maxBytes: number): Generator<bigint> {
    for (const environment of this.#all.keys()) {
      if (this.#bytes <= maxBytes || this.#all.size <= 1) return;
      this.delete(environment);
      yield environment;
    }
  }
}
