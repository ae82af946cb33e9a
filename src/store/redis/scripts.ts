/**
 * The Lua scripts: each is one atomic step for its readers.
 *
 * Redis does not roll a failed script back, so each makes all its checks before its first write:
 * those of the present state, and also that every key it will write has the type it should. The
 * first write is one that Redis refuses when it is out of memory, read-only or unable to persist;
 * after it, nothing can fail.
 *
 * Ids and versions are text here and compared for equality only: Lua's numbers are doubles, which
 * are exact up to 2^53, and real ids are above.
 */
import { GROUP } from './names.js';

/** The beginning of every script that writes. */
export const prelude = `
local function check(key, want)
  local is = redis.call('TYPE', key)['ok']
  if is ~= 'none' and is ~= want then
    return redis.error_reply('WRONGTYPE ' .. key .. ' is a ' .. is .. ' and should be a ' .. want)
  end
end
-- A count that a script keeps. What is no number of ours counts as 0: such counts are bounds, and a script that failed over one after its
-- first write would leave half of a change.
local function count(text)
  return type(text) == 'string' and #text <= 15 and string.find(text, '^%d+$') and tonumber(text) or 0
end
-- The newest entry of the feed. Its id is kept apart from the stream because a stream can be trimmed to nothing; without it, the
-- stream says.
local function headOf(feed, head)
  local id = redis.call('GET', head)
  if id then return id end
  local last = redis.call('XREVRANGE', feed, '+', '-', 'COUNT', 1)
  return last[1] and last[1][1] or '0-0'
end
-- Each entry names the one before it, so that a follower can tell a gap from the next entry.
local function append(feed, head, limit, ...)
  local after = headOf(feed, head)
  local id = redis.call('XADD', feed, 'MAXLEN', '~', limit, '*', 'after', after, ...)
  redis.call('SET', head, id)
end
`;

/**
 * The decision of an inbox event, in each script that makes one. An event is undecided while it is
 * pending in the group. It may be decided when every older pending one is among those that its
 * reader passed over: events never change, so that these are of other environments stays true. The
 * script that decides it removes it.
 */
export const deciding = `
local function standing(inbox, event, passed)
  if #redis.call('XPENDING', inbox, '${GROUP}', event, event, 1) == 0 then return 'decided' end
  local others, count = {}, 1
  for id in string.gmatch(passed, '%S+') do others[id] = true count = count + 1 end
  for _, pending in ipairs(redis.call('XPENDING', inbox, '${GROUP}', '-', event, count)) do
    if pending[1] == event then return nil end
    if not others[pending[1]] then return 'early' end
  end
  return 'early'
end
local function remove(inbox, event)
  redis.call('XACK', inbox, '${GROUP}', event)
  redis.call('XDEL', inbox, event)
end
`;

/**
 * The bound of remembered requests: their records together take at most a number of bytes per
 * environment, and the oldest are forgotten before their time. The index is a stream; each entry
 * has the bytes of all entries up to it, so that two entries tell the bytes between them.
 *
 * A record takes its texts and about 300 bytes more, its entry in the index included. One call
 * removes at most 1,000, which takes about a millisecond.
 */
export const bounding = `
local function bound(index, key, bytes, ttl, limit)
  local last = redis.call('XREVRANGE', index, '+', '-', 'COUNT', 1)[1]
  local own = bytes + #key + 300
  local total = (last and count(last[2][6]) or 0) + own
  local entry = {'key', key, 'bytes', own, 'total', string.format('%.0f', total)}
  local id = redis.pcall('XADD', index, '*', unpack(entry))
  if type(id) == 'table' then
    -- An entry at the end of time, which none can follow.
    redis.call('DEL', index)
    id = redis.call('XADD', index, '*', unpack(entry))
  end
  local now, forgotten = tonumber(string.match(id, '^%d+')), 0
  for i = 1, 1000 do
    local oldest = redis.call('XRANGE', index, '-', '+', 'COUNT', 1)[1]
    if oldest[1] == id then break end
    local fields = oldest[2]
    local expired = tonumber(string.match(oldest[1], '^%d+')) + ttl < now
    local isOurs = type(fields[2]) == 'string' and string.sub(fields[2], 1, #index + 1) == index .. ':'
    if isOurs and not expired and total - count(fields[6]) + count(fields[4]) <= limit then break end
    -- An expired record is gone already, and its key may be in use again.
    if isOurs and not expired then forgotten = forgotten + redis.call('DEL', fields[2]) end
    redis.call('XDEL', index, oldest[1])
  end
  return forgotten
end
`;

/** KEYS idempotency, marker · ARGV '1' to touch the marker for WAIT. The record, or nil. */
export const REPEATED = `
local before = redis.call('GET', KEYS[1])
if before and ARGV[1] == '1' then redis.call('SET', KEYS[2], '1') end
return before
`;

/** KEYS environment, configs. Both hashes as of one moment, or nil. */
export const READ = `
local environment = redis.call('HGETALL', KEYS[1])
if #environment == 0 or redis.call('HGET', KEYS[1], 'deleted') == redis.call('HGET', KEYS[1], 'version') then return false end
return {environment, redis.call('HGETALL', KEYS[2])}
`;

/** KEYS environment. Its version, or nil when there is none or it was deleted. */
export const READ_VERSION = `
local version = redis.call('HGET', KEYS[1], 'version')
if version and redis.call('HGET', KEYS[1], 'deleted') == version then return false end
return version
`;

/** KEYS any number of environments. Each one's hash; what is no hash is read as one of one field. */
export const ENVIRONMENTS = `
local found = {}
for i, key in ipairs(KEYS) do
  local hash = redis.pcall('HGETALL', key)
  found[i] = hash['err'] and {'error', hash['err']} or hash
end
return found
`;

/** KEYS keys · ARGV text. Id and JSON of the keys whose JSON has the text: few of many are sent. */
export const KEYS_WITH = `
local all, found = redis.call('HGETALL', KEYS[1]), {}
for i = 2, #all, 2 do
  if string.find(all[i], ARGV[1], 1, true) then found[#found + 1] = all[i - 1] found[#found + 1] = all[i] end
end
return found
`;

/**
 * Adds the keys whose id and hash are new. Their number.
 *
 * KEYS keys, key hashes, feed, head · ARGV feed limit, then for each key its id, hash and JSON
 */
export const ADD_KEYS = `${prelude}
local failed = check(KEYS[1], 'hash') or check(KEYS[2], 'hash') or check(KEYS[3], 'stream') or check(KEYS[4], 'string')
if failed then return failed end
local added = 0
for i = 2, #ARGV, 3 do
  local id, hash, json = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if redis.call('HEXISTS', KEYS[1], id) == 0 and redis.call('HEXISTS', KEYS[2], hash) == 0 then
    append(KEYS[3], KEYS[4], ARGV[1], 'kind', 'key', 'key', json)
    redis.call('HSET', KEYS[1], id, json)
    redis.call('HSET', KEYS[2], hash, id)
    added = added + 1
  end
end
return added
`;

/**
 * Puts a key's new JSON in the place of its old one. When they are equal nothing is appended: the
 * key was revoked before.
 *
 * KEYS keys, feed, head, marker · ARGV id, old JSON, new JSON, feed limit, '1' to touch the marker
 * for WAIT. 1, or 0 when the present JSON is not the old one.
 */
export const REPLACE_KEY = `${prelude}
local failed = check(KEYS[1], 'hash') or check(KEYS[2], 'stream') or check(KEYS[3], 'string')
if failed then return failed end
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[2] ~= ARGV[3] then
  append(KEYS[2], KEYS[3], ARGV[4], 'kind', 'key', 'key', ARGV[3])
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
elseif ARGV[5] == '1' then
  redis.call('SET', KEYS[4], '1')
end
return 1
`;

/** KEYS feed, head. The position of the newest entry. */
export const HEAD = `${prelude}
return headOf(KEYS[1], KEYS[2])
`;

/**
 * Where a follower stands: {'current' | 'behind' | 'lost', head}. Lost: nothing follows its
 * position, and yet it is not the newest. One script, because between two commands an entry could
 * be added and look like a loss.
 *
 * KEYS feed, head · ARGV position
 */
export const WHERE = `${prelude}
local head = headOf(KEYS[1], KEYS[2])
if head == ARGV[1] then return {'current', head} end
if #redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', 1) > 0 then return {'behind', head} end
return {'lost', head}
`;

/**
 * KEYS one, only to name the node: in a Cluster each has a clock of its own. Seconds and
 * microseconds.
 */
export const TIME = `return redis.call('TIME')`;

/** KEYS marker. A write without meaning, refused exactly when those of commits are. */
export const PROBE = `return redis.call('SET', KEYS[1], '1')`;

/**
 * Runs every command of the scripts on keys that hold nothing else, and removes those. Other errors
 * than a missing permission, such as those of a replica, do not count.
 *
 * KEYS hash, set, string, stream. The names of the commands that the user may not run.
 */
export const PERMISSIONS = `
local missing = {}
local function try(...)
  local reply = redis.pcall(...)
  local failed = type(reply) == 'table' and reply['err']
  if failed and (string.find(failed, 'executing the script', 1, true) or string.find(failed, 'ACL failure', 1, true)) then
    missing[#missing + 1] = select(1, ...)
  end
end
local hash, set, text, stream = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
try('HSET', hash, 'a', '1') try('HGET', hash, 'a') try('HGETALL', hash) try('HEXISTS', hash, 'a') try('HDEL', hash, 'b')
try('SADD', set, 'a')
try('SET', text, '1', 'PX', '1000') try('GET', text) try('PTTL', text) try('TYPE', text) try('TIME')
try('XADD', stream, '*', 'a', '1') try('XRANGE', stream, '-', '+') try('XREVRANGE', stream, '+', '-') try('XLEN', stream)
try('XGROUP', 'CREATE', stream, '${GROUP}', '0', 'MKSTREAM') try('XPENDING', stream, '${GROUP}')
try('XCLAIM', stream, '${GROUP}', 'a', '0', '1-1', 'JUSTID') try('XINFO', 'CONSUMERS', stream, '${GROUP}')
try('XACK', stream, '${GROUP}', '1-1') try('XDEL', stream, '1-1') try('XGROUP', 'DELCONSUMER', stream, '${GROUP}', 'a')
for _, key in ipairs(KEYS) do try('DEL', key) end
return missing
`;
