/** The Lua scripts of the lease and its cursors; see scripts.ts. */
import { prelude } from './scripts.js';

/**
 * A holder that lives renews its lease, so a lease never ends later than a renewal says. One that
 * does, because the server's clock was set back or because it is not ours, is cut to that: else no
 * node would lead until then.
 *
 * A holder that has shown its subscription and has none any more is absent, and is replaced by a
 * node that names it; see presence.ts. Of a server that does not say, nothing is concluded.
 *
 * KEYS lease, present · ARGV holder, ttl in ms, the absent holder or ''. 1 when the holder has the
 * lease now, 2 when also its subscription was seen; 0 when another has it, or its name when it is
 * absent.
 */
export const ACQUIRE = `${prelude}
local failed = check(KEYS[1], 'string') or check(KEYS[2], 'string')
if failed then return failed end
local function subscribers(holder)
  local reply = redis.pcall('PUBSUB', 'NUMSUB', KEYS[1] .. ':' .. holder)
  return type(reply) == 'table' and reply[2]
end
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  local absent = redis.call('GET', KEYS[2]) == holder and subscribers(holder) == 0
  if not absent or holder ~= ARGV[3] then
    local left = redis.pcall('PTTL', KEYS[1])
    if type(left) == 'number' and (left < 0 or left > 2 * tonumber(ARGV[2])) then redis.call('SET', KEYS[1], holder, 'PX', ARGV[2]) end
    return absent and holder or 0
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if (subscribers(ARGV[1]) or 0) == 0 then
  redis.call('DEL', KEYS[2])
  return 1
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 2
`;

/** KEYS lease · ARGV holder. */
export const RELEASE = `${prelude}
local failed = check(KEYS[1], 'string')
if failed then return failed end
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`;

/**
 * KEYS lease, cursors · ARGV holder, proxy, position. 1 when the holder has the lease and the
 * cursor was written.
 */
export const SAVE_CURSORS = `${prelude}
local failed = check(KEYS[1], 'string') or check(KEYS[2], 'hash')
if failed then return failed end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1
`;

/**
 * KEYS lease, cursors · ARGV holder, names. 1 when the holder has the lease and the cursors are
 * gone.
 */
export const REMOVE_CURSORS = `${prelude}
local failed = check(KEYS[1], 'string') or check(KEYS[2], 'hash')
if failed then return failed end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #ARGV do redis.call('HDEL', KEYS[2], ARGV[i]) end
return 1
`;
