/**
 * Makes the faults of a plan happen, each at its time, and keeps record of when they really began
 * and ended.
 *
 * A fault that meets what another one has in its hands waits until that is over: a node that is
 * down cannot be paused.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { KINDS } from './kinds.js';
import { begin, type Strike } from './perform.js';
import { describe, type Fault } from './plan.js';
import type { SiteNode } from './site-node.js';

/** A fault as it happened. Times by performance.now(). */
export interface Happened {
  readonly fault: Fault;
  readonly target: number;
  readonly from: number;
  to: number;
}

export type DirectorParts = Omit<Strike, 'fault' | 'target'>;

export class Director {
  readonly happened: Happened[] = [];
  readonly #parts: DirectorParts;
  readonly #taken = new Set<string>();
  #freed: (() => void)[] = [];

  constructor(parts: DirectorParts) {
    this.#parts = parts;
  }

  /** Resolves when all faults are over and everything runs again. */
  async run(plan: readonly Fault[]): Promise<void> {
    const from = performance.now();
    const ends = plan.map(async (fault) => {
      await pause(from + fault.at - performance.now());
      await this.#happen(fault);
    });
    const failed = (await Promise.allSettled(ends)).find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #happen(fault: Fault): Promise<void> {
    const { target, place } = await this.#take(fault);
    const { note, violation } = this.#parts;
    const happened: Happened = { fault, target, from: performance.now(), to: Infinity };
    this.happened.push(happened);
    const name = describe(fault, target) + (fault.target === 'leader' ? ', the leader' : '');
    note(`begins: ${name}`);
    try {
      const undo = await begin({ ...this.#parts, fault, target });
      await pause(Math.max(0, happened.from + fault.length - performance.now()));
      await undo();
    } catch (error) {
      violation(`${name} could not be done: ${String(error)}`);
      throw error;
    } finally {
      happened.to = performance.now();
      note(`ends: ${name}`);
      this.#taken.delete(place);
      for (const tell of this.#freed.splice(0)) tell();
    }
  }

  async #take(fault: Fault): Promise<{ target: number; place: string }> {
    for (;;) {
      const target = fault.target === 'leader' ? await this.#leader() : fault.target;
      const place = placeOf(fault, target);
      const free = place === EVERYTHING ? this.#taken.size === 0 : !this.#taken.has(EVERYTHING);
      if (free && !this.#taken.has(place)) {
        this.#taken.add(place);
        return { target, place };
      }
      await new Promise<void>((resolve) => this.#freed.push(resolve));
    }
  }

  /** The node that says that it leads; the first that runs when none does right now. */
  async #leader(): Promise<number> {
    const { nodes } = this.#parts.site;
    const leading = await Promise.all(nodes.map(leads));
    const leader = nodes.find((_, index) => leading[index] === true);
    return (leader ?? nodes.find((node) => node.isUp) ?? nodes[0])?.index ?? 0;
  }
}

/** In whose hands everything is, nothing else happens. */
const EVERYTHING = 'everything';

/** The resources that only one fault at a time may use. */
function placeOf({ kind }: Fault, target: number): string {
  const { on, alone } = KINDS[kind];
  if (alone === true) return EVERYTHING;
  if (on === 'leader') return `node ${target}`;
  return `${on} ${target}`;
}

async function leads(node: SiteNode): Promise<boolean> {
  if (!node.isUp) return false;
  try {
    const answer = await fetch(`${node.url}/readyz`, { signal: AbortSignal.timeout(700) });
    const { publisher } = (await answer.json()) as { publisher?: { leader?: boolean } };
    return publisher?.leader === true;
  } catch {
    return false;
  }
}
