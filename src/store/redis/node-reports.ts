/** The reports of nodes in Redis. */
import {
  checkReportSize,
  NODE_REPORT_MAX_BYTES,
  NODE_REPORTS_MAX,
  TIMELINE_MAX_BYTES,
  type NodeReportPage,
  type NodeReports,
} from '../node-reports.js';
import { replyList, replyText } from './codec.js';
import type { Commands } from './commands.js';
import { names } from './names.js';
import { prelude } from './scripts.js';

/** The time after which a time line that no leader writes is gone, milliseconds. */
const TIMELINE_TTL_MS = 7 * 24 * 60 * 60 * 1000;

/** Milliseconds since 1970 by the server's clock. */
const clock = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

/**
 * KEYS: texts, times. ARGV: id, text, ttl in milliseconds, reports to keep.
 *
 * Times are apart from texts, so that looking for expired reports reads no texts.
 */
const WRITE_REPORT = `${prelude}${clock}
local wrong = check(KEYS[1], 'hash') or check(KEYS[2], 'hash')
if wrong then return wrong end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], now .. ' ' .. (now + tonumber(ARGV[3])))
local kept, times = {}, redis.call('HGETALL', KEYS[2])
local function forget(id)
  redis.call('HDEL', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
for i = 1, #times, 2 do
  local at, ends = string.match(times[i + 1], '^(%d+) (%d+)$')
  if not ends or tonumber(ends) <= now then forget(times[i]) else kept[#kept + 1] = { times[i], tonumber(at) } end
end
table.sort(kept, function(a, b) return a[2] < b[2] end)
for i = 1, #kept - tonumber(ARGV[4]) do forget(kept[i][1]) end
return 1
`;

/** KEYS: texts, times. ARGV: id. */
const REMOVE_REPORT = `${prelude}
local wrong = check(KEYS[1], 'hash') or check(KEYS[2], 'hash')
if wrong then return wrong end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
`;

/** KEYS: texts, times, time line. Time line, then id, age and text of each report. */
const READ_REPORTS = `${prelude}${clock}
local wrong = check(KEYS[1], 'hash') or check(KEYS[2], 'hash') or check(KEYS[3], 'string')
if wrong then return wrong end
local found, times = { redis.call('GET', KEYS[3]) or '' }, redis.call('HGETALL', KEYS[2])
for i = 1, #times, 2 do
  local at, ends = string.match(times[i + 1], '^(%d+) (%d+)$')
  local text = ends and tonumber(ends) > now and redis.call('HGET', KEYS[1], times[i])
  if text then
    found[#found + 1] = times[i]
    found[#found + 1] = string.format('%.0f', math.max(0, now - tonumber(at)))
    found[#found + 1] = text
  end
end
return found
`;

/** RedisNodeReports keeps reports in a hash, next to one with their times. */
export class RedisNodeReports implements NodeReports {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  async write(id: string, text: string, ttl: number): Promise<void> {
    checkReportSize(text, NODE_REPORT_MAX_BYTES);
    const args = [id, text, ttl, NODE_REPORTS_MAX];
    await this.#commands.read({ lua: WRITE_REPORT, keys: [names.reports, names.reportTimes], args });
  }

  async remove(id: string): Promise<void> {
    const keys = [names.reports, names.reportTimes];
    await this.#commands.read({ lua: REMOVE_REPORT, keys, args: [id] });
  }

  async writeTimeline(text: string): Promise<void> {
    checkReportSize(text, TIMELINE_MAX_BYTES);
    await this.#commands.command('SET', names.timeline, text, 'PX', TIMELINE_TTL_MS);
  }

  async read(): Promise<NodeReportPage> {
    const keys = [names.reports, names.reportTimes, names.timeline];
    const [timeline = '', ...found] = replyList(await this.#commands.read({ lua: READ_REPORTS, keys })).map(
      replyText,
    );
    const reports = Array.from({ length: Math.floor(found.length / 3) }, (_, i) => ({
      id: found[3 * i] ?? '',
      age: Number(found[3 * i + 1]),
      text: found[3 * i + 2] ?? '',
    })).sort((a, b) => (a.id < b.id ? -1 : 1));
    return { reports, timeline: timeline === '' ? undefined : timeline };
  }
}
