/**
 * The Lua scripts that make commits and read their history. The rules of scripts.ts hold here too.
 */
import { HISTORY_ENTRY_BYTES } from '../history.js';
import { CANARY_ENVIRONMENT } from '../rules.js';
import { names } from './names.js';
import { bounding, deciding, prelude } from './scripts.js';

/** The bytes of history that a commit removes at most, beyond as many as it adds. */
const HISTORY_REMOVED_BYTES = 4 * 1024 * 1024;

/**
 * The history of an environment: one stream, whose ids are the places of its entries. The hash of
 * the environment has `history`: version and step of the newest entry, and the bytes of all.
 * history.ts has the limits.
 *
 * Commands that remove entries read them first, to know their bytes, so one commit removes at most
 * about as much as it adds, or 4 MiB: a limit that was lowered is reached over several commits.
 */
const remembering = `
local function weight(fields)
  local sum = ${HISTORY_ENTRY_BYTES}
  for _, text in ipairs(fields) do sum = sum + #text end
  return sum
end
local function historyOf(environment)
  local version, step, sum = string.match(redis.call('HGET', environment, 'history') or '', '^(%d+) (%d+) (%d+)$')
  return version, count(step), count(sum)
end
local function setTotal(key, total)
  redis.call('SET', key, string.format('%.0f', math.max(total, 0)))
end
local function forget(environment, stream, all)
  local _, _, sum = historyOf(environment)
  redis.call('DEL', stream)
  redis.call('HDEL', environment, 'history')
  setTotal(all, count(redis.call('GET', all)) - sum)
end
local function remember(environment, stream, all, version, entry, limits)
  local last, step, sum = historyOf(environment)
  local total, own = count(redis.call('GET', all)), weight(entry)
  step = last == version and step + 1 or 1
  local id = version .. '-' .. step
  local added = redis.pcall('XADD', stream, id, unpack(entry))
  if type(added) == 'table' and added['err'] then
    -- Its newest entry is ahead of the environment, which was removed by hand and written back at an older version.
    redis.call('DEL', stream)
    redis.call('XADD', stream, id, unpack(entry))
  end
  local length, removed = redis.call('XLEN', stream), 0
  if length == 1 then total, sum = total - sum, 0 end
  total, sum = total + own, sum + own
  while length > 1 and (removed == 0 or removed < math.max(own, ${HISTORY_REMOVED_BYTES}))
    and (length > limits.changes or sum > limits.bytes or total > limits.total) do
    local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    local bytes = weight(oldest[2])
    redis.call('XDEL', stream, oldest[1])
    length, removed, sum, total = length - 1, removed + bytes, sum - bytes, total - bytes
  end
  redis.call('HSET', environment, 'history', version .. ' ' .. step .. ' ' .. string.format('%.0f', math.max(sum, own)))
  setTotal(all, total)
end
`;

/**
 * The environments of a name. The hash of names may be behind, so an id in it counts only if that
 * environment has the name. What is no environment has none: after the first write of a script
 * nothing may fail.
 */
export const naming = `
local function nameOf(environment)
  local version = redis.pcall('HGET', environment, 'version')
  if type(version) ~= 'string' or redis.call('HGET', environment, 'deleted') == version then return nil end
  return redis.call('HGET', environment, 'name')
end
local function holdersOf(names, prefix, name)
  local held = {}
  for id in string.gmatch(redis.call('HGET', names, name) or '', '%S+') do
    if nameOf(prefix .. id) == name then held[#held + 1] = id end
  end
  return held
end
local function noteName(names, prefix, name, id, has)
  local held = {}
  for _, each in ipairs(holdersOf(names, prefix, name)) do
    if each ~= id then held[#held + 1] = each end
  end
  if has then held[#held + 1] = id end
  if #held == 0 then redis.call('HDEL', names, name) else redis.call('HSET', names, name, table.concat(held, ' ')) end
end
`;

/** The position of the first config in the arguments of COMMIT. */
const COMMIT_CONFIGS = 29;

/** The KEYS of {@link COMMIT}, in its order. */
export function commitKeys(environment: bigint, idempotencyKey: string): string[] {
  return [
    names.environment(environment),
    names.configs(environment),
    names.environments,
    names.feed,
    names.head,
    names.idempotency(environment, idempotencyKey),
    names.marker,
    names.inbox,
    names.history(environment),
    names.historyBytes,
    names.environmentNames,
  ];
}

/**
 * A commit: compare and set. A deleted environment keeps its hash, with the version of its deletion
 * under `deleted`; a commit at that version creates it again, and voids the mark by moving on.
 *
 * KEYS environment, configs, environments, feed, head, idempotency, marker, inbox, history, bytes of
 * all histories, names of environments
 * ARGV id, expected version or '' (after a space the expected name, if any), live, feed limit, '1' to touch the marker for WAIT,
 *      idempotency record or '', its expiry in ms and the bytes of all records, inbox event and those passed over, or '',
 *      '1' if there are settings or 'unique' if their name must be that of no other, project, name, '1' if there is a default context, default context,
 *      '1' if there is a change, entries of the history, their bytes, the bytes of all histories,
 *      author, message, source, '1' if it deletes the environment; then of the change: previous,
 *      version, at, its client versions, the environment's client version, envelope, trace
 *      or '', and key and bytes of each config
 */
export const COMMIT = `${prelude}${deciding}${bounding}${remembering}${naming}
local failed = check(KEYS[1], 'hash') or check(KEYS[2], 'hash') or check(KEYS[3], 'set')
  or check(KEYS[4], 'stream') or check(KEYS[5], 'string') or check(KEYS[6], 'string')
  or (ARGV[8] ~= '' and check(KEYS[8], 'stream')) or check(KEYS[9], 'stream') or check(KEYS[10], 'string')
  or check(KEYS[11], 'hash')
local index = string.sub(KEYS[6], 1, #'${names.remembered(0n)}' - 1 + #ARGV[1])
failed = failed or (ARGV[6] ~= '' and check(index, 'stream'))
if failed then return failed end

local event, passed = string.match(ARGV[8], '^(%S*)(.*)$')
if event ~= '' then
  local stands = standing(KEYS[8], event, passed)
  if stands then
    -- It may be decided by this very request, whose answer was lost before the replicas had it.
    if ARGV[5] == '1' then redis.call('SET', KEYS[7], '1') end
    return {stands}
  end
end

if ARGV[6] ~= '' then
  local before = redis.call('GET', KEYS[6])
  if before then
    if ARGV[5] == '1' then redis.call('SET', KEYS[7], '1') end
    return {'repeated', before}
  end
end
local version = redis.call('HGET', KEYS[1], 'version')
local expected, named = string.match(ARGV[2], '^(%d*) ?(.*)$')
if (version or '') ~= expected or (named ~= '' and nameOf(KEYS[1]) ~= named) then return {'conflict', version} end
-- All environments differ in the id at the end of their key alone, and are in one slot.
local prefix = string.sub(KEYS[1], 1, -#ARGV[1] - 1)
if ARGV[9] == 'unique' then
  for _, holder in ipairs(holdersOf(KEYS[11], prefix, ARGV[11])) do
    if holder ~= ARGV[1] and nameOf(KEYS[1]) ~= ARGV[11] then return {'named', holder} end
  end
end

-- The entry of the history, read before anything is overwritten.
local hasSettings, hasChange, deletes = ARGV[9] ~= '', ARGV[14] == '1', ARGV[21] == '1'
local limits = {changes = tonumber(ARGV[15]), bytes = tonumber(ARGV[16]), total = tonumber(ARGV[17])}
local entry
if limits.changes > 0 and not deletes and (hasSettings or hasChange) then
  local before, after, size = {}, {}, 0
  for i = ${COMMIT_CONFIGS}, #ARGV, 2 do
    local old = redis.call('HGET', KEYS[2], ARGV[i])
    if old then before[#before + 1] = old size = size + #old end
    after[#after + 1] = ARGV[i + 1]
    size = size + #ARGV[i + 1]
    if size > limits.bytes then break end
  end
  local at = ARGV[24]
  if not hasChange then
    local time = redis.call('TIME')
    at = time[1] .. string.rep('0', 6 - #time[2]) .. time[2]
  end
  entry = {'previous', hasChange and ARGV[22] or version or '0', 'at', at, 'author', ARGV[18], 'message', ARGV[19], 'source', ARGV[20]}
  local function add(name, value)
    if value then entry[#entry + 1] = name entry[#entry + 1] = value end
  end
  if size <= limits.bytes then
    add('before', table.concat(before))
    add('after', table.concat(after))
  end
  if hasSettings then
    add('project', ARGV[10])
    add('name', ARGV[11])
    add('context', ARGV[12] == '1' and ARGV[13])
    if version and redis.call('HGET', KEYS[1], 'deleted') ~= version then
      add('project-before', redis.call('HGET', KEYS[1], 'project'))
      add('name-before', redis.call('HGET', KEYS[1], 'name'))
      add('context-before', redis.call('HGET', KEYS[1], 'context'))
    end
  end
end

if hasChange then
  local bytes = {}
  for i = ${COMMIT_CONFIGS}, #ARGV, 2 do bytes[#bytes + 1] = ARGV[i + 1] end
  -- Nodes that do not know of deletions or traces skip those fields.
  local further = deletes and {'deleted', '1'} or {}
  if ARGV[28] ~= '' then further[#further + 1] = 'trace' further[#further + 1] = ARGV[28] end
  append(KEYS[4], KEYS[5], ARGV[4], 'kind', 'change', 'environment', ARGV[1], 'previous', ARGV[22], 'version', ARGV[23],
    'at', ARGV[24], 'clients', ARGV[25], 'envelope', ARGV[27], 'configs', table.concat(bytes), unpack(further))
  redis.call('HSET', KEYS[1], 'version', ARGV[23], 'at', ARGV[24], 'clients', ARGV[26])
  for i = ${COMMIT_CONFIGS}, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
elseif not version then
  redis.call('HSET', KEYS[1], 'version', '0', 'at', '0', 'clients', '0 0')
end
redis.call('HSET', KEYS[1], 'live', ARGV[3])
if hasSettings or deletes then
  local old = redis.call('HGET', KEYS[1], 'name')
  if old then noteName(KEYS[11], prefix, old, ARGV[1], false) end
end
if hasSettings then
  if ARGV[11] ~= '' then noteName(KEYS[11], prefix, ARGV[11], ARGV[1], true) end
  redis.call('HSET', KEYS[1], 'project', ARGV[10], 'name', ARGV[11])
  if ARGV[12] == '1' then redis.call('HSET', KEYS[1], 'context', ARGV[13])
  else redis.call('HDEL', KEYS[1], 'context') end
end
if deletes then
  redis.call('HSET', KEYS[1], 'deleted', ARGV[23], 'name', '')
  redis.call('HDEL', KEYS[1], 'context')
end
if not version and ARGV[1] ~= '${CANARY_ENVIRONMENT}' then redis.call('SADD', KEYS[3], ARGV[1]) end
if entry then remember(KEYS[1], KEYS[9], KEYS[10], hasChange and ARGV[23] or version or '0', entry, limits)
elseif redis.call('HEXISTS', KEYS[1], 'history') == 1 and (deletes or limits.changes == 0) then
  forget(KEYS[1], KEYS[9], KEYS[10])
end
local forgotten = 0
if ARGV[6] ~= '' then
  local ttl, limit = string.match(ARGV[7], '^(%d+) (%d+)$')
  redis.call('SET', KEYS[6], ARGV[6], 'PX', ttl)
  forgotten = bound(index, KEYS[6], #ARGV[6], tonumber(ttl), tonumber(limit))
end
if event ~= '' then remove(KEYS[8], event) end
return {'committed', forgotten}
`;

/**
 * Reads the history of an environment, newest first, one entry at a time, because one can be large.
 * Entries that cannot match are passed over: those of another author, and those in whose bytes the
 * key does not occur.
 *
 * KEYS history · ARGV the end of the range, the most entries of the answer, the most entries and
 * bytes to read, '1' to filter by author, author, '1' to filter by key, key. {entries…}, '1' if there
 * may be more, the id of the last entry that was read
 */
export const HISTORY = `${prelude}
local failed = check(KEYS[1], 'stream')
if failed then return failed end
local found, to, bytes, last = {}, ARGV[1], 0, ''
for _ = 1, tonumber(ARGV[3]) do
  local entry = redis.call('XREVRANGE', KEYS[1], to, '-', 'COUNT', 1)[1]
  if not entry then return {found, '', last} end
  local values = {}
  for i = 1, #entry[2], 2 do
    values[entry[2][i]] = entry[2][i + 1]
    bytes = bytes + #entry[2][i + 1]
  end
  local isIts = ARGV[5] == '' or values['author'] == ARGV[6]
  if isIts and ARGV[7] ~= '' then isIts = string.find(values['after'] or '', ARGV[8], 1, true) end
  if isIts then found[#found + 1] = entry end
  last = entry[1]
  to = '(' .. last
  if #found >= tonumber(ARGV[2]) or bytes >= tonumber(ARGV[4]) then break end
end
return {found, '1', last}
`;
