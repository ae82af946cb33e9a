/** Operators and sessions in Redis. */
import type { NamedRecords, RecordForm } from '../named-records.js';
import { replyPairs, replyText } from './codec.js';
import type { Commands } from './commands.js';
import { undamaged } from './damage.js';

/**
 * KEYS: hash. ARGV: name, JSON as it was read (empty: absent), JSON to write (empty: remove).
 */
const REPLACE_RECORD = `
local before = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if before ~= ARGV[2] then return 0 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
`;

/** RedisRecords keeps records in a hash, by name. */
export class RedisRecords<T> implements NamedRecords<T> {
  readonly #commands: Commands;
  readonly #key: string;
  readonly #form: RecordForm<T>;

  constructor(commands: Commands, key: string, form: RecordForm<T>) {
    this.#commands = commands;
    this.#key = key;
    this.#form = form;
  }

  async all(): Promise<T[]> {
    const { one, remedy, fromJson } = this.#form;
    const values = replyPairs(await this.#commands.command('HGETALL', this.#key));
    return [...values].map(([name, value]) =>
      undamaged(
        `${one} (the field ${JSON.stringify(name)} of the hash ${this.#key})`,
        () => fromJson(replyText(value)),
        `Remove that field with HDEL, and ${remedy}.`,
      ),
    );
  }

  async replace(name: string, before: T | undefined, after: T | undefined): Promise<boolean> {
    const [was, next] = [before, after].map((each) => (each === undefined ? '' : this.#form.toJson(each)));
    const args = [name, was ?? '', next ?? ''];
    return (await this.#commands.write({ lua: REPLACE_RECORD, keys: [this.#key], args })) === 1;
  }
}
