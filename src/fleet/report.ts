/**
 * The part of the fleet that each node tells the others, through the store: its entries as JSON,
 * those heard of last first, as many as fit.
 */
import { parseVersion } from '../ruleset/version.js';
import { NODE_REPORT_MAX_BYTES } from '../store/node-reports.js';
import type { FleetEntry } from './record.js';

/** The entries of one node. */
export interface FleetReport {
  readonly entries: readonly FleetEntry[];
  /** True when the node has more than these. */
  readonly isTruncated: boolean;
}

/** The end of the ids under which nodes keep these reports. */
export const FLEET_REPORT = '.fleet';

/** Writes a report within its bound. */
export function fleetText({ entries, isTruncated }: FleetReport): string {
  let bytes = 64;
  const rows: string[] = [];
  for (const { environment, keyId, proxy, stream, position, holds, ageMs } of entries) {
    const row = JSON.stringify([`${environment}`, keyId, proxy, stream, `${position}`, holds, ageMs]);
    bytes += Buffer.byteLength(row) + 1;
    if (bytes > NODE_REPORT_MAX_BYTES) break;
    rows.push(row);
  }
  const isCut = isTruncated || rows.length < entries.length;
  return `{"truncated":${isCut},"entries":[${rows.join(',')}]}`;
}

/**
 * Reads a report; `undefined` for one in another form.
 *
 * @param age milliseconds since it was written
 */
export function parseFleet(text: string, age: number): FleetReport | undefined {
  try {
    const report = JSON.parse(text) as { truncated?: unknown; entries: unknown[] };
    return {
      isTruncated: report.truncated === true,
      entries: report.entries.flatMap((row) => entryFrom(row, age)),
    };
  } catch {
    return undefined;
  }
}

function entryFrom(row: unknown, age: number): FleetEntry[] {
  if (!Array.isArray(row)) return [];
  const [environment, keyId, proxy, stream, position, holds, ageMs] = row as unknown[];
  const id = parseVersion(typeof environment === 'string' ? environment : undefined);
  const at = typeof position === 'string' && /^\d{1,40}$/.test(position) ? BigInt(position) : undefined;
  const isRight =
    isShort(keyId) &&
    isShort(proxy) &&
    (stream === 'configs' || stream === 'clients') &&
    isCount(holds) &&
    isCount(ageMs);
  if (!isRight || id === undefined || at === undefined) return [];
  return [{ environment: id, keyId, proxy, stream, position: at, holds, ageMs: ageMs + age }];
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 200;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/**
 * Joins the entries of several nodes. The holds of one key at one position through one proxy are
 * answered by any node, so their numbers add up: a request is answered once.
 */
export function joinFleet(reports: readonly FleetReport[]): FleetReport {
  const joined = new Map<string, FleetEntry>();
  for (const entry of reports.flatMap(({ entries }) => entries)) {
    const name = `${entry.environment} ${entry.keyId} ${entry.proxy} ${entry.stream} ${entry.position}`;
    const known = joined.get(name);
    joined.set(
      name,
      known === undefined
        ? entry
        : { ...entry, holds: known.holds + entry.holds, ageMs: Math.min(known.ageMs, entry.ageMs) },
    );
  }
  return { entries: [...joined.values()], isTruncated: reports.some(({ isTruncated }) => isTruncated) };
}
