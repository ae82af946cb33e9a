/**
 * The Lua scripts of the inbox. The rules of scripts.ts hold here too; a commit that decides an
 * event is COMMIT there.
 */
import { GROUP } from './names.js';
import { deciding, prelude } from './scripts.js';

/**
 * Reads the oldest undecided events and makes them pending for the consumer; decided ones that are
 * still pending are acknowledged.
 *
 * An event in the stream is undecided: the stream is read, and not the group's idea of new or
 * pending. So an event comes again whichever consumer read it before, and also after it was
 * acknowledged by hand, or a consumer was removed together with its pending events.
 *
 * KEYS inbox, rejected · ARGV consumer, how many events, how many bytes an event may have to come
 * with its fields, the start of the range. {{id, bytes, fields or nil}…}, number of undecided
 * events, number of rejected events
 */
export const TAKE = `${prelude}
local failed = check(KEYS[1], 'stream') or check(KEYS[2], 'stream')
if failed then return failed end
-- From the beginning of the stream: events may be older than the group.
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], '${GROUP}', '0', 'MKSTREAM')
if made['err'] and not string.find(made['err'], 'BUSYGROUP') then return made end

local events, present = {}, {}
for i, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[4], '+', 'COUNT', ARGV[2])) do
  local id, fields, bytes = entry[1], entry[2], 0
  for _, text in ipairs(fields) do bytes = bytes + #text end
  redis.call('XCLAIM', KEYS[1], '${GROUP}', ARGV[1], '0', id, 'FORCE', 'JUSTID')
  present[id] = true
  events[i] = {id, bytes, bytes <= tonumber(ARGV[3]) and fields}
end
-- Events that were removed or trimmed away are pending still, and would keep back those after them.
for _, pending in ipairs(redis.call('XPENDING', KEYS[1], '${GROUP}', ARGV[4], '+', ARGV[2])) do
  local id = pending[1]
  if not present[id] and #redis.call('XRANGE', KEYS[1], id, id) == 0 then
    redis.call('XACK', KEYS[1], '${GROUP}', id)
  end
end
-- Each process is a consumer, and processes come and go.
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], '${GROUP}')) do
  local about = {}
  for i = 1, #consumer, 2 do about[consumer[i]] = consumer[i + 1] end
  if about['name'] ~= ARGV[1] and about['pending'] == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], '${GROUP}', about['name'])
  end
end
return {events, redis.call('XLEN', KEYS[1]), redis.call('XLEN', KEYS[2])}
`;

/**
 * KEYS inbox, marker · ARGV event, '1' to touch the marker for WAIT, passed events. 'acknowledged',
 * or how the event stands.
 */
export const ACKNOWLEDGE = `${prelude}${deciding}
local failed = check(KEYS[1], 'stream')
if failed then return failed end
local stands = standing(KEYS[1], ARGV[1], ARGV[3])
if not stands then remove(KEYS[1], ARGV[1])
elseif ARGV[2] == '1' then redis.call('SET', KEYS[2], '1') end
return stands or 'acknowledged'
`;

/** The fields that precede an event's own in the stream of rejected ones, in this order. */
export const REJECTION_FIELDS = [
  'holdfast-event',
  'holdfast-code',
  'holdfast-message',
  'holdfast-field',
  'holdfast-at',
  'holdfast-form',
] as const;

/**
 * Lua passes at most 8,000 arguments to a command. An event with more names and values than that is
 * kept as one value; no valid event has more than six.
 */
const MOST_TEXTS = 7_000;

/**
 * The sum of what rejected events take, kept next to their stream: a stream does not say. It is set
 * right whenever there is one event or none, so that entries which were removed by hand make it
 * wrong for a while only.
 *
 * An entry takes its texts and about 100 bytes more in memory.
 */
const weighing = `
local function weight(fields)
  local sum = 100
  for _, text in ipairs(fields) do sum = sum + #text end
  return sum
end
local function total(key)
  return count(redis.call('GET', key))
end
local function setTotal(key, stream, sum)
  if redis.call('XLEN', stream) == 0 or sum < 0 then sum = 0 end
  redis.call('SET', key, string.format('%.0f', sum))
end
-- Adds the newest event to the sum and removes the oldest ones beyond the limit; how many.
local function bound(key, stream, id, limit)
  local own, removed = weight(redis.call('XRANGE', stream, id, id)[1][2]), 0
  local sum = redis.call('XLEN', stream) == 1 and own or total(key) + own
  while sum > tonumber(limit) do
    local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    if oldest[1] == id then break end
    sum = sum - weight(oldest[2])
    redis.call('XDEL', stream, oldest[1])
    removed = removed + 1
  end
  setTotal(key, stream, math.max(sum, own))
  return removed
end
`;

/**
 * Rejects an event. The oldest rejected ones are removed when all together take more than the
 * limit; the newest stays in any case.
 *
 * KEYS inbox, rejected, marker, bytes of rejected · ARGV event, '1' to touch the marker for WAIT,
 * code, message, field or '', at, limit in bytes, passed events. {'rejected', how many were
 * removed}, or how the event stands.
 */
export const REJECT = `${prelude}${deciding}${weighing}
local failed = check(KEYS[1], 'stream') or check(KEYS[2], 'stream') or check(KEYS[4], 'string')
if failed then return failed end
local stands = standing(KEYS[1], ARGV[1], ARGV[8])
if stands then
  if ARGV[2] == '1' then redis.call('SET', KEYS[3], '1') end
  return stands
end
local entry, removed = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1], 0
if entry then
  local form, fields = 'plain', entry[2]
  if #fields > ${MOST_TEXTS} then form, fields = 'packed', {'holdfast-packed', cmsgpack.pack(fields)} end
  local id = redis.call('XADD', KEYS[2], '*', 'holdfast-event', ARGV[1], 'holdfast-code', ARGV[3], 'holdfast-message', ARGV[4],
    'holdfast-field', ARGV[5], 'holdfast-at', ARGV[6], 'holdfast-form', form, unpack(fields))
  removed = bound(KEYS[4], KEYS[2], id, ARGV[7])
end
remove(KEYS[1], ARGV[1])
return {'rejected', removed}
`;

/**
 * Adds a rejected event that was never in the inbox, within the same limit.
 *
 * KEYS rejected, bytes of rejected · ARGV limit in bytes, code, message, field or '', at, names and
 * values of the event. {its id, how many were removed}
 */
export const ADD_REJECTED = `${prelude}${weighing}
local failed = check(KEYS[1], 'stream') or check(KEYS[2], 'string')
if failed then return failed end
local id = redis.call('XADD', KEYS[1], '*', 'holdfast-event', '0-0', 'holdfast-code', ARGV[2], 'holdfast-message', ARGV[3],
  'holdfast-field', ARGV[4], 'holdfast-at', ARGV[5], 'holdfast-form', 'plain', unpack(ARGV, 6))
return {id, bound(KEYS[2], KEYS[1], id, ARGV[1])}
`;

/**
 * Lists rejected events, one at a time, because each can be large and only a part of it is
 * answered.
 *
 * KEYS rejected · ARGV how many events, names and values of each, bytes of each. Their number,
 * {{id, {text…}, {bytes of the whole text…}}…}
 */
export const LIST_REJECTED = `${prelude}
local failed = check(KEYS[1], 'stream')
if failed then return failed end
local events, from = {}, '-'
for i = 1, tonumber(ARGV[1]) do
  local entry = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 1)[1]
  if not entry then break end
  local texts, bytes = {}, {}
  for j = 1, math.min(#entry[2], tonumber(ARGV[2])) do
    texts[j] = string.sub(entry[2][j], 1, tonumber(ARGV[3]))
    bytes[j] = #entry[2][j]
  end
  events[i] = {entry[1], texts, bytes}
  from = '(' .. entry[1]
end
return {redis.call('XLEN', KEYS[1]), events}
`;

/**
 * KEYS inbox, rejected, bytes of rejected · ARGV rejected event. {'retried', its new id},
 * {'absent'}, or {'fixed'} when it is packed or was not put there by REJECT.
 */
export const RETRY = `${prelude}${weighing}
local failed = check(KEYS[1], 'stream') or check(KEYS[2], 'stream') or check(KEYS[3], 'string')
if failed then return failed end
local entry = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])[1]
if not entry then return {'absent'} end
local fields, own = entry[2], ${2 * REJECTION_FIELDS.length}
if fields[1] ~= 'holdfast-event' or fields[own - 1] ~= 'holdfast-form' or fields[own] ~= 'plain' then return {'fixed'} end
local id = redis.call('XADD', KEYS[1], '*', unpack(fields, own + 1))
redis.call('XDEL', KEYS[2], ARGV[1])
setTotal(KEYS[3], KEYS[2], total(KEYS[3]) - weight(fields))
return {'retried', id}
`;

/** KEYS rejected, bytes of rejected · ARGV rejected event. How many there were of it. */
export const DROP = `${prelude}${weighing}
local failed = check(KEYS[1], 'stream') or check(KEYS[2], 'string')
if failed then return failed end
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not entry then return 0 end
redis.call('XDEL', KEYS[1], ARGV[1])
setTotal(KEYS[2], KEYS[1], total(KEYS[2]) - weight(entry[2]))
return 1
`;
