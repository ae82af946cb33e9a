/**
 * The arrivals of the canary's changes at its holds. Pure.
 *
 * A hold that has received a version has received every change up to it: a later change replaces
 * the earlier one. So an event counts as the arrival of each change that was still awaited.
 *
 *     commits   ── v1 ──────── v2 ──────── v3 ──────────▶
 *     proxy A      └ v1        └ v2        └ v3                 each after milliseconds
 *     proxy B      └ v1 ┄┄┄┄┄┄ (lost) ┄┄┄┄ └ v3: v2 and v3      awaited since v2 until then
 */

/** Changes that a proxy can owe; beyond these, all but the oldest count as one. */
const AWAITED_MAX = 64;

interface Awaited {
  readonly version: bigint;
  /** Milliseconds, monotonic. */
  readonly at: number;
}

/** Keeps the changes of one term and their arrivals. */
export class Arrivals {
  readonly #awaited = new Map<string, Awaited[]>();

  /** Expects every later change through that proxy too. */
  add(proxy: string): void {
    if (!this.#awaited.has(proxy)) this.#awaited.set(proxy, []);
  }

  /** Expects nothing through that proxy any more. */
  remove(proxy: string): void {
    this.#awaited.delete(proxy);
  }

  /**
   * Expects a change through every proxy.
   *
   * @param at milliseconds, monotonic
   */
  begun(version: bigint, at: number): void {
    for (const awaited of this.#awaited.values()) {
      awaited.push({ version, at });
      if (awaited.length > AWAITED_MAX) awaited.splice(1, 1);
    }
  }

  /** Forgets a change that was not committed, or of which that is not known. */
  withdraw(version: bigint): void {
    for (const [proxy, awaited] of this.#awaited) {
      this.#awaited.set(
        proxy,
        awaited.filter((change) => change.version !== version),
      );
    }
  }

  /**
   * Notes an event with that version.
   *
   * @param at milliseconds, monotonic
   * @returns the milliseconds from commit to arrival of each change that arrived with it
   */
  arrived(proxy: string, version: bigint, at: number): number[] {
    const awaited = this.#awaited.get(proxy);
    const arrived = awaited?.filter((change) => change.version <= version) ?? [];
    if (awaited === undefined || arrived.length === 0) return [];
    awaited.splice(0, awaited.length, ...awaited.filter((change) => change.version > version));
    return arrived.map((change) => Math.max(0, at - change.at));
  }

  /**
   * The milliseconds for which the oldest change that has not arrived through a proxy is awaited; 0
   * when all have.
   *
   * @param now monotonic
   */
  waiting(proxy: string, now: number): number {
    const oldest = this.#awaited.get(proxy)?.[0];
    return oldest === undefined ? 0 : Math.max(0, now - oldest.at);
  }
}
