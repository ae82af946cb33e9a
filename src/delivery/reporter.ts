/**
 * Writes the report of this process to the store, every second, for as long as it runs. A store
 * that is unavailable delays only the next report.
 */
import type { Clock } from '../core/clock.js';
import { NODE_REPORT_MAX_BYTES, type NodeReports } from '../store/node-reports.js';
import type { NodeReport } from './model.js';

/** Milliseconds between two reports. */
const REPORT_MS = 1_000;

/** The time for which a report is kept, milliseconds: as long as the lease outlives a leader. */
const REPORT_TTL_MS = 6_000;

/** The time that a stop waits for the removal of the report, milliseconds. */
const REMOVE_MS = 500;

const TEXT_MAX = 200;
const LIST_MAX = 50;

/** The parts of the work of reporting. */
export interface ReporterOptions {
  readonly reports: NodeReports;
  readonly report: () => NodeReport;
  readonly clock: Clock;
}

/** Reports until the signal aborts; then removes the report. Never rejects. */
export async function reportUntil(
  { reports, report, clock }: ReporterOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { id } = report();
    // The replica and readiness say that the store is unavailable; this is no other fault.
    await reports.write(id, reportText(report()), REPORT_TTL_MS).catch(() => undefined);
    await clock.sleep(REPORT_MS, signal);
  }
  const removed = reports.remove(report().id).catch(() => undefined);
  await Promise.race([removed, clock.sleep(REMOVE_MS, new AbortController().signal)]);
}

/** Writes a report as JSON that is within its bound: texts and lists are cut. */
export function reportText(report: NodeReport): string {
  for (let max = LIST_MAX; ; max = Math.floor(max / 2)) {
    const text = JSON.stringify(bounded(report, max));
    if (max === 0 || Buffer.byteLength(text) <= NODE_REPORT_MAX_BYTES) return text;
  }
}

function bounded(report: NodeReport, max: number): NodeReport {
  const { name, store, problems, proxies, buckets, inbox } = report;
  return {
    ...report,
    name: cut(name),
    store: cut(store),
    problems: problems.slice(0, max).map(({ part, reason }) => ({ part, reason: cut(reason) })),
    proxies: proxies.slice(0, max).map(({ error, canary, ...proxy }) => ({
      ...proxy,
      proxy: cut(proxy.proxy),
      ...errorOf(error),
      ...(canary === undefined ? {} : { canary: { ...canary, ...errorOf(canary.error) } }),
    })),
    buckets: buckets
      .slice(0, max)
      .map(({ error, ...bucket }) => ({ ...bucket, bucket: cut(bucket.bucket), ...errorOf(error) })),
    ...(inbox === undefined
      ? {}
      : { inbox: { waiting: inbox.waiting, rejected: inbox.rejected, ...errorOf(inbox.error) } }),
  };
}

function errorOf(error: string | undefined): { error?: string } {
  return error === undefined ? {} : { error: cut(error) };
}

function cut(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text;
}
