/** Leadership by a lease and cursors in Redis. */
import type { Leadership, FeedPosition } from '../store.js';
import { replyPairs } from './codec.js';
import type { Commands } from './commands.js';
import { ACQUIRE, RELEASE, REMOVE_CURSORS, SAVE_CURSORS } from './scripts.js';

/** RedisLeadership keeps the lease as a string with an expiry, the cursors as a hash. */
export class RedisLeadership implements Leadership {
  readonly #commands: Commands;
  readonly #lease: string;
  readonly #cursors: string;

  /** @param names of the lease and of the cursors in Redis */
  constructor(commands: Commands, names: { readonly lease: string; readonly cursors: string }) {
    this.#commands = commands;
    this.#lease = names.lease;
    this.#cursors = names.cursors;
  }

  async acquire(holder: string, ttl: number): Promise<boolean> {
    return (await this.#commands.read({ lua: ACQUIRE, keys: [this.#lease], args: [holder, ttl] })) === 1;
  }

  async release(holder: string): Promise<void> {
    await this.#commands.read({ lua: RELEASE, keys: [this.#lease], args: [holder] });
  }

  async cursors(): Promise<Map<string, FeedPosition>> {
    const cursors = replyPairs(await this.#commands.command('HGETALL', this.#cursors));
    return new Map([...cursors].map(([name, position]) => [name, position.toString()]));
  }

  async saveCursors(holder: string, cursors: ReadonlyMap<string, FeedPosition>): Promise<boolean> {
    const keys = [this.#lease, this.#cursors];
    const args = [holder, ...[...cursors].flat()];
    return (await this.#commands.read({ lua: SAVE_CURSORS, keys, args })) === 1;
  }

  async removeCursors(holder: string, names: readonly string[]): Promise<boolean> {
    const keys = [this.#lease, this.#cursors];
    return (await this.#commands.read({ lua: REMOVE_CURSORS, keys, args: [holder, ...names] })) === 1;
  }
}
