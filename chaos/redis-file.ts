/**
 * The append-only file of a Redis, as a disk that forgets: what was written after some moment is
 * cut off while Redis is down, as when `appendfsync everysec` meets a power cut.
 */
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The interval at which the size is noted, milliseconds. */
const INTERVAL = 50;
/** The time for which sizes are kept, milliseconds. */
const MEMORY = 5_000;

interface Size {
  readonly at: number;
  readonly file: string;
  readonly bytes: number;
}

export class RedisFile {
  readonly #dir: string;
  readonly #timer: NodeJS.Timeout;
  #sizes: Size[] = [];

  /** @param dir Redis' own; it must run with appendonly, and not rewrite its file */
  constructor(dir: string) {
    this.#dir = join(dir, 'appendonlydir');
    this.#timer = setInterval(() => this.#look(), INTERVAL);
  }

  /** Notes the size now, so that exactly what is written from now on can be forgotten. */
  mark(): number {
    this.#look();
    return performance.now();
  }

  /**
   * Cuts off what was written after a moment (performance.now()). Redis must be down.
   *
   * @returns the moment since which everything is lost, a little before that one
   */
  forgetSince(moment: number): number {
    const known = this.#sizes.findLast(({ at }) => at <= moment) ?? this.#sizes[0];
    if (known === undefined) throw new Error('nothing is known of the append-only file yet');
    truncateSync(known.file, known.bytes);
    this.#sizes = [];
    return known.at;
  }

  /** Removes all of it. Redis must be down. */
  async empty(): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
    this.#sizes = [];
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const name = namesIn(this.#dir).find((each) => each.endsWith('.incr.aof'));
    if (name === undefined) return;
    const file = join(this.#dir, name);
    this.#sizes.push({ at: now, file, bytes: statSync(file).size });
    while ((this.#sizes[0]?.at ?? now) < now - MEMORY) this.#sizes.shift();
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    // Not there between emptying it and the next start.
    return [];
  }
}
