/**
 * The environments of a name, found without a look at all environments.
 *
 * Each commit keeps the hash of names (commit-script.ts). A node of a release that did not know of
 * the hash writes names without it, so a process looks through all environments at its first search,
 * and once a minute after that, and adds the names that are missing.
 */
import { isRetryable } from '../../core/errors.js';
import { CANARY_ENVIRONMENT } from '../rules.js';
import { naming } from './commit-script.js';
import { replyList } from './codec.js';
import type { Commands } from './commands.js';
import { storedHolder, storedIds } from './environment-codec.js';
import { names } from './names.js';
import { prelude } from './scripts.js';

/** The time for which the hash of names is known to be complete, milliseconds. */
const COMPLETE_FOR = 60_000;

/** The environments that one script looks at: some 2 ms. */
const AT_A_TIME = 1_000;

/** KEYS names of environments, environment 0 · ARGV name, ids that are not noted. Those that have it. */
const NAMED = `${naming}
local prefix = string.sub(KEYS[2], 1, -2)
local held = holdersOf(KEYS[1], prefix, ARGV[1])
for i = 2, #ARGV do
  if nameOf(prefix .. ARGV[i]) == ARGV[1] then held[#held + 1] = ARGV[i] end
end
return held
`;

/** KEYS names of environments, environment 0 · ARGV ids. Those whose name does not lead to them. */
const UNNOTED = `${naming}
local unnoted = {}
for _, id in ipairs(ARGV) do
  local name = nameOf(string.sub(KEYS[2], 1, -2) .. id)
  local held = name and name ~= '' and ' ' .. (redis.call('HGET', KEYS[1], name) or '') .. ' '
  if held and not string.find(held, ' ' .. id .. ' ', 1, true) then unnoted[#unnoted + 1] = id end
end
return unnoted
`;

/** KEYS names of environments, environment 0 · ARGV ids. Notes their names. */
const NOTE = `${prelude}${naming}
local failed = check(KEYS[1], 'hash')
if failed then return failed end
local prefix = string.sub(KEYS[2], 1, -2)
for _, id in ipairs(ARGV) do
  local name = nameOf(prefix .. id)
  if name and name ~= '' then noteName(KEYS[1], prefix, name, id, true) end
end
return 'noted'
`;

const KEYS = [names.environmentNames, names.environment(0n)];

/** RedisEnvironmentNames finds environments by their names. */
export class RedisEnvironmentNames {
  readonly #commands: Commands;
  readonly #monotonic: () => number;
  #completing: Promise<void> | undefined;
  #completeUntil = -Infinity;
  /** Those that could not be noted, because the store takes no writes. */
  #unnoted: readonly string[] = [];

  constructor(commands: Commands, monotonic: () => number = () => performance.now()) {
    this.#commands = commands;
    this.#monotonic = monotonic;
  }

  /** The ids of the environments that have a name, ascending. @throws HoldfastError `store_damaged` */
  async of(name: string): Promise<readonly bigint[]> {
    if (this.#monotonic() >= this.#completeUntil) {
      await (this.#completing ??= this.#complete().finally(() => (this.#completing = undefined)));
    }
    const args = [name, ...this.#unnoted];
    const reply = replyList(await this.#commands.read({ lua: NAMED, keys: KEYS, args }));
    return [...new Set(reply.map(storedHolder))]
      .filter((id) => id !== CANARY_ENVIRONMENT)
      .sort((a, b) => (a < b ? -1 : 1));
  }

  async #complete(): Promise<void> {
    const { ids } = storedIds(await this.#commands.command('SMEMBERS', names.environments));
    const unnoted: string[] = [];
    for (let i = 0; i < ids.length; i += AT_A_TIME) {
      const args = ids.slice(i, i + AT_A_TIME).map(String);
      const found = replyList(await this.#commands.read({ lua: UNNOTED, keys: KEYS, args })).map(String);
      if (found.length > 0 && !(await this.#note(found))) unnoted.push(...found);
    }
    this.#unnoted = unnoted;
    this.#completeUntil = this.#monotonic() + COMPLETE_FOR;
  }

  /** Notes the names of environments; false when the store takes no writes. */
  async #note(ids: readonly string[]): Promise<boolean> {
    try {
      await this.#commands.write({ lua: NOTE, keys: KEYS, args: ids });
      return true;
    } catch (error) {
      if (isRetryable(error)) return false;
      throw error;
    }
  }
}
