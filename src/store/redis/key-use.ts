/** The last uses of API keys in Redis. */
import { KEY_USE_STEP_MS, type KeyUse } from '../key-use.js';
import { replyList, replyText } from './codec.js';
import type { Commands } from './commands.js';
import { names } from './names.js';
import { prelude } from './scripts.js';

/** The keys of one command, so that it keeps Redis and this process for a moment only. */
const KEYS_AT_ONCE = 500;

/** KEYS: uses. ARGV: the step in milliseconds, then id and time of each. */
const NOTE_USES = `${prelude}
local wrong = check(KEYS[1], 'hash')
if wrong then return wrong end
for i = 2, #ARGV, 2 do
  local kept = count(redis.call('HGET', KEYS[1], ARGV[i]))
  if tonumber(ARGV[i + 1]) >= kept + tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
return 1
`;

/** RedisKeyUse keeps uses in a hash, by the id of the key. */
export class RedisKeyUse implements KeyUse {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  async note(uses: ReadonlyMap<string, number>): Promise<void> {
    const all = [...uses];
    for (let at = 0; at < all.length; at += KEYS_AT_ONCE) {
      const args = [KEY_USE_STEP_MS, ...all.slice(at, at + KEYS_AT_ONCE).flat()];
      await this.#commands.read({ lua: NOTE_USES, keys: [names.keyUse], args });
    }
  }

  async lastUses(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const uses = new Map<string, number>();
    for (let at = 0; at < ids.length; at += KEYS_AT_ONCE) {
      const some = ids.slice(at, at + KEYS_AT_ONCE);
      const replies = replyList(await this.#commands.command('HMGET', names.keyUse, ...some));
      some.forEach((id, index) => {
        const reply = replies[index];
        // A value that Holdfast did not write says nothing of the key.
        const time = reply === null || reply === undefined ? NaN : Number(replyText(reply));
        if (Number.isSafeInteger(time) && time > 0) uses.set(id, time);
      });
    }
    return uses;
  }
}
