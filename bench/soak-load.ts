/**
 * The load of a soak: subscribers that come and go, changes, snapshots, and items that are lost now
 * and then.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { deletion, text } from '../test/support/configs.js';
import type { PublishLink } from '../test/support/publish-link.js';
import { openSse, type SseConnection } from '../test/support/sse.js';
import type { Stack } from '../test/support/stack.js';

export interface SoakPlan {
  readonly environments: number;
  /** Subscribers at a time: through the proxy, and directly. */
  readonly held: number;
  readonly direct: number;
  /** Changes a second. */
  readonly changes: number;
}

/**
 * Counts of the load's actions. Outcomes that a healthy installation does not show have names of
 * their own.
 */
export interface SoakCounts {
  subscriptions: number;
  events: number;
  changes: number;
  snapshots: number;
  lostItems: number;
  /** Answers other than 200, by what was asked and the status. */
  readonly refused: Map<string, number>;
}

/** The bounds of a subscriber's stay and of its absence, seconds. */
const STAYS = [5, 60] as const;
const AWAY = [0, 3] as const;
/**
 * Keys of an environment; each change writes one of them, so that rulesets stay as large as they
 * are.
 */
const KEYS = 40;
/** One in so many changes is a deletion, and in so many the item is lost. */
const DELETIONS = 8;
const LOSSES = 25;
const SNAPSHOT_PAUSE_MS = 500;

export class SoakLoad {
  readonly counts: SoakCounts = {
    subscriptions: 0,
    events: 0,
    changes: 0,
    snapshots: 0,
    lostItems: 0,
    refused: new Map(),
  };
  readonly #stack: Stack;
  readonly #link: PublishLink;
  readonly #plan: SoakPlan;
  readonly #random: () => number;
  readonly #keys: string[] = [];
  /** The newest version of each environment, as the answers to changes say. */
  readonly #versions: string[] = [];

  constructor(stack: Stack, link: PublishLink, plan: SoakPlan, random: () => number) {
    this.#stack = stack;
    this.#link = link;
    this.#plan = plan;
    this.#random = random;
  }

  /**
   * Each environment gets all of its keys at once: one that filled up with time would look like a
   * leak.
   */
  async prepare(): Promise<void> {
    for (let id = 1; id <= this.#plan.environments; id++) {
      await this.#stack.createEnvironment(id);
      this.#keys[id] = (await this.#stack.createKey(id)).key;
      const configs = Array.from({ length: KEYS }, (_, key) => text(keyOf(key), this.#value()));
      this.#versions[id] = (await this.#stack.commit(id, configs)).version;
    }
  }

  /**
   * Goes on until the signal aborts, then waits until all of it has ended. Rejects when a change is
   * refused.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { held, direct } = this.#plan;
    const nodes = this.#stack.nodes;
    await Promise.all([
      ...Array.from({ length: held }, () => this.#subscriber(this.#stack.url, signal)),
      ...Array.from({ length: direct }, (_, i) => this.#subscriber(nodes[i % nodes.length]!.url, signal)),
      this.#writer(signal),
      this.#reader(signal),
    ]);
  }

  async #subscriber(url: string, signal: AbortSignal): Promise<void> {
    let last: { environment: number; id: string } | undefined;
    // Not all at once: Pushpin 1.36 answers some of a burst with an error.
    await pause(this.#between(0, 10), signal);
    while (!signal.aborted) {
      // Half of them come back to where they were, as clients do that lost their connection.
      const environment = last !== undefined && this.#random() < 0.5 ? last.environment : this.#environment();
      const id = last?.environment === environment ? last.id : undefined;
      const stream = await this.#open(url, environment, id);
      if (stream !== undefined) {
        await Promise.race([stream.closed, pause(this.#between(...STAYS), signal)]);
        stream.close();
        this.counts.events += stream.events.length;
        last = { environment, id: stream.events.at(-1)?.id ?? id ?? '0' };
      }
      await pause(this.#between(...AWAY), signal);
    }
  }

  async #open(url: string, environment: number, id: string | undefined): Promise<SseConnection | undefined> {
    const headers = id === undefined ? {} : { 'last-event-id': id };
    const options = { key: this.#keys[environment]!, headers };
    const stream = await openSse(`${url}/api/v1/sse/config`, options).catch(() => undefined);
    if (stream?.status === 200) {
      this.counts.subscriptions++;
      return stream;
    }
    stream?.close();
    this.#refused('subscribe', stream?.status ?? 'no answer');
    return undefined;
  }

  async #writer(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const lose = this.#random() < 1 / LOSSES;
      if (lose) {
        this.counts.lostItems++;
        this.#link.fault = 'lose';
      }
      await this.#change(this.#environment());
      await pause(1 / this.#plan.changes, signal);
      if (lose) this.#link.fault = 'none';
    }
  }

  async #change(environment: number): Promise<void> {
    const key = keyOf(Math.floor(KEYS * this.#random()));
    const config = this.#random() < 1 / DELETIONS ? deletion(key) : text(key, this.#value());
    this.#versions[environment] = (await this.#stack.commit(environment, [config])).version;
    this.counts.changes++;
  }

  #value(): string {
    return 'x'.repeat(Math.floor(10 ** this.#between(1, 4)));
  }

  async #reader(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const environment = this.#environment();
      const authorization = `Basic ${Buffer.from(`soak:${this.#keys[environment]!}`).toString('base64')}`;
      const answer = await fetch(`${this.#stack.url}/api/v1/configs/0`, { headers: { authorization } });
      await answer.arrayBuffer();
      if (answer.status === 200) this.counts.snapshots++;
      else this.#refused('snapshot', answer.status);
      await pause(SNAPSHOT_PAUSE_MS / 1000, signal);
    }
  }

  /**
   * Checks that new subscribers of that environment, at the proxy and at each node, reach its
   * version.
   */
  async isWhole(environment: number): Promise<boolean> {
    const urls = [this.#stack.url, ...this.#stack.nodes.map(({ url }) => url)];
    const reached = await Promise.all(
      urls.map(async (url) => {
        const stream = await this.#open(url, environment, undefined);
        const whole = stream?.waitForEvent(({ id }) => id === this.#versions[environment]);
        const there = await (whole ?? Promise.reject(new Error('no stream'))).then(
          () => true,
          () => false,
        );
        stream?.close();
        return there;
      }),
    );
    return reached.every(Boolean);
  }

  /** Some are used all the time, most of them rarely. */
  #environment(): number {
    return 1 + Math.floor(this.#plan.environments * this.#random() ** 4);
  }

  #between(least: number, most: number): number {
    return least + (most - least) * this.#random();
  }

  #refused(what: string, status: number | string): void {
    const name = `${what} ${status}`;
    this.counts.refused.set(name, (this.counts.refused.get(name) ?? 0) + 1);
  }
}

function keyOf(number: number): string {
  return `soak.${number}`;
}

/** Waits that many seconds; an abort ends the wait. */
async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await delay(1000 * seconds, undefined, { signal }).catch(() => undefined);
}
