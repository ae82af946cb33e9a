/**
 * The holds that this node heard of: where each stood after its last answer. Pure.
 *
 * A hold at a proxy comes back over the recovery link within T and says where it stands, so what was
 * not heard of for T is gone or has moved on. Proxies let holds of one key at one version share a
 * request, so a request stands for one hold or many: the versions are exact, the numbers are at least
 * so many. A subscription is never shared.
 *
 *     hold at v1  ── subscribes ───────── link, within T ────────── link, within T ──▶
 *     record         v1, 1 request        v1 ─▶ v2 (answered)       v2
 *
 * A hold comes back after 80 to 100 % of T when nothing else happens. So requests of three quarters
 * of T are of different holds, unless a resync made them come twice.
 */
import type { Stream } from '../grip/channels.js';

/** Slots in which requests are counted; six of eight are at most three quarters of T. */
const SLOTS = 8;
const COUNTED = 6;

/** The entries that one node keeps; the ones heard of longest ago go first. */
export const FLEET_MAX = 2_000;

/** The standing of a hold after an answer. */
export interface HoldStanding {
  readonly environment: bigint;
  readonly keyId: string;
  /** The address that the proxy's requests come from; `direct`: this process holds it. */
  readonly proxy: string;
  readonly stream: Stream['kind'];
  readonly position: bigint;
}

/** Holds of one key through one proxy at one position. */
export interface FleetEntry extends HoldStanding {
  /** There are at least so many; of direct holds exactly so many. */
  readonly holds: number;
  /** Milliseconds since the last of them was heard of. */
  readonly ageMs: number;
}

interface Kept {
  readonly standing: HoldStanding;
  seenAt: number;
  /** The slot of the newest count. */
  slot: number;
  readonly counts: number[];
}

/** Keeps the standings of the last T. */
export class FleetRecord {
  readonly #staleness: number;
  readonly #now: () => number;
  /** In the order in which they were heard of, the last at the end. */
  readonly #kept = new Map<string, Kept>();
  #dropped = -Infinity;

  /**
   * @param staleness T, milliseconds
   * @param now milliseconds, monotonic
   */
  constructor(staleness: number, now: () => number) {
    this.#staleness = staleness;
    this.#now = now;
  }

  /** True when there were more entries than are kept, in the last T. */
  get isTruncated(): boolean {
    return this.#dropped > this.#now() - this.#staleness;
  }

  /** Notes the answer to a subscription or to a request over the recovery link. */
  note(standing: HoldStanding): void {
    const now = this.#now();
    const { environment, keyId, proxy, stream, position } = standing;
    const name = `${environment} ${keyId} ${proxy} ${stream} ${position}`;
    const slot = this.#slot(now);
    const kept = this.#kept.get(name) ?? { standing, seenAt: now, slot, counts: emptyCounts() };
    advance(kept, slot);
    kept.seenAt = now;
    kept.counts[slot % SLOTS] = (kept.counts[slot % SLOTS] ?? 0) + 1;
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    this.#expire(now);
    const [oldest] = this.#kept;
    if (this.#kept.size > FLEET_MAX && oldest !== undefined) {
      this.#kept.delete(oldest[0]);
      this.#dropped = now;
    }
  }

  /** The holds that were heard of within T, the last one first. */
  entries(): FleetEntry[] {
    const now = this.#now();
    this.#expire(now);
    const slot = this.#slot(now);
    return [...this.#kept.values()].reverse().map((kept) => {
      advance(kept, slot);
      const recent = Array.from({ length: COUNTED }, (_, i) => kept.counts[(slot - i + SLOTS) % SLOTS] ?? 0);
      const holds = Math.max(
        1,
        recent.reduce((sum, count) => sum + count, 0),
      );
      return { ...kept.standing, holds, ageMs: Math.round(now - kept.seenAt) };
    });
  }

  #slot(now: number): number {
    return Math.floor((now * SLOTS) / this.#staleness);
  }

  #expire(now: number): void {
    for (const [name, { seenAt }] of this.#kept) {
      if (now - seenAt <= this.#staleness) return;
      this.#kept.delete(name);
    }
  }
}

function emptyCounts(): number[] {
  return Array.from({ length: SLOTS }, () => 0);
}

/** Clears the slots between the newest count and now. */
function advance(kept: Kept, slot: number): void {
  for (let i = Math.max(kept.slot + 1, slot - SLOTS + 1); i <= slot; i++) kept.counts[i % SLOTS] = 0;
  kept.slot = slot;
}
