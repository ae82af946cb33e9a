/** Dates in rules and contexts. */

/** A date and time of RFC 3339: year, month, day, hour, minute, second, and a zone. */
const DATE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|[+-](\d\d):(\d\d))$/;

/**
 * The instant that a number or text stands for, in whole milliseconds since 1970. A number is that
 * already; a text must be an RFC 3339 date and time, with a zone, of a day that exists. Anything
 * else is `undefined`.
 */
export function instant(value: unknown): number | bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isNaN(value) ? undefined : Math.trunc(value);
  return typeof value === 'string' ? parseDate(value) : undefined;
}

function parseDate(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second, zoneHour, zoneMinute] = match
    .slice(1)
    .map((digits: string | undefined) => Number(digits ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const exists = new Date(0);
  exists.setUTCFullYear(year, month - 1, day);
  const isDay = exists.getUTCMonth() === month - 1 && exists.getUTCDate() === day;
  const isTime = hour < 24 && minute < 60 && second < 60 && zoneHour < 24 && zoneMinute < 60;
  return isDay && isTime ? Date.parse(text) : undefined;
}
