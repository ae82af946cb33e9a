/**
 * The environments that are to be read again, a few at a time: after a gap in the feed it is all of
 * them, and their answers together would fill the memory and keep the store and this process from
 * everything else.
 */

/** Environments that are read at the same time. */
const READS_AT_ONCE = 8;

/** Reads environments again, in the order in which they were added. */
export class Rereads {
  readonly #read: (environment: bigint) => Promise<unknown>;
  readonly #due = new Set<bigint>();
  #running = 0;

  /** @param read reads one; it does not reject */
  constructor(read: (environment: bigint) => Promise<unknown>) {
    this.#read = read;
  }

  /** True until the read begins. */
  has(environment: bigint): boolean {
    return this.#due.has(environment);
  }

  /** Adds environments; one that waits already keeps its place. */
  add(environments: Iterable<bigint>): void {
    for (const environment of environments) this.#due.add(environment);
    this.#begin();
  }

  #begin(): void {
    for (const environment of this.#due) {
      if (this.#running >= READS_AT_ONCE) return;
      this.#due.delete(environment);
      this.#running++;
      void this.#read(environment).then(() => {
        this.#running--;
        this.#begin();
      });
    }
  }
}
