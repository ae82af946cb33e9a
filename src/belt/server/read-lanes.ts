/**
 * The turns of reads from one source. Each kind of read has a lane with slots of its own, so that
 * reads which strangers cause, or which are slow, never keep the others waiting:
 *
 *     lookup    manifests for keys that are not known: anyone can cause them
 *     manifest  manifests of environments that a good key uses
 *     snapshot  rulesets: large, with the longest timeout
 */

/** The kind of a read. */
export type ReadLane = 'lookup' | 'manifest' | 'snapshot';

/** A read that waits for its turn or has it. Its lane changes by `ReadLanes.move` alone. */
export interface ReadTurn {
  lane: ReadLane;
}

/** Concurrent reads of a lane: what a source that hangs can hold. */
const SLOTS = 32;

/** Gives the slots of one source to reads, first come first served in each lane. */
export class ReadLanes {
  readonly #free: Record<ReadLane, number> = { lookup: SLOTS, manifest: SLOTS, snapshot: SLOTS };
  readonly #waiting: Record<ReadLane, Map<ReadTurn, () => void>> = {
    lookup: new Map(),
    manifest: new Map(),
    snapshot: new Map(),
  };

  /** Resolves when the read has a slot, which `leave` gives back. */
  async enter(turn: ReadTurn): Promise<void> {
    if (this.#take(turn.lane)) return;
    await new Promise<void>((resolve) => this.#waiting[turn.lane].set(turn, resolve));
  }

  /** Gives the slot of a read to the next one of its lane. */
  leave({ lane }: ReadTurn): void {
    for (const [next, start] of this.#waiting[lane]) {
      this.#waiting[lane].delete(next);
      start();
      return;
    }
    this.#free[lane]++;
  }

  /** Lets a read that still waits wait in another lane; one that is under way stays in its own. */
  move(turn: ReadTurn, to: ReadLane): void {
    const start = this.#waiting[turn.lane].get(turn);
    if (start === undefined || turn.lane === to) return;
    this.#waiting[turn.lane].delete(turn);
    turn.lane = to;
    if (this.#take(to)) start();
    else this.#waiting[to].set(turn, start);
  }

  #take(lane: ReadLane): boolean {
    if (this.#free[lane] === 0) return false;
    this.#free[lane]--;
    return true;
  }
}
