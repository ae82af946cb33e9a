/** The publisher's lease and cursors in Redis. */
import type { Leadership, Position } from '../store.js';
import { pairs } from './codec.js';
import type { Commands } from './commands.js';
import { names } from './names.js';
import { ACQUIRE, RELEASE, SAVE_CURSOR } from './scripts.js';

export class RedisLeadership implements Leadership {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  async acquire(holder: string, ttl: number): Promise<boolean> {
    return (await this.#commands.read({ lua: ACQUIRE, keys: [names.lease], args: [holder, ttl] })) === 1;
  }

  async release(holder: string): Promise<void> {
    await this.#commands.read({ lua: RELEASE, keys: [names.lease], args: [holder] });
  }

  async cursors(): Promise<Map<string, Position>> {
    const cursors = pairs(await this.#commands.command('HGETALL', names.cursors));
    return new Map([...cursors].map(([proxy, position]) => [proxy, position.toString()]));
  }

  async saveCursor(holder: string, proxy: string, position: Position): Promise<boolean> {
    const keys = [names.lease, names.cursors];
    return (await this.#commands.read({ lua: SAVE_CURSOR, keys, args: [holder, proxy, position] })) === 1;
  }
}
