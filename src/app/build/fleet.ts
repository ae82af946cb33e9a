/** Builds the record of the fleet, its exchange with other nodes, and its gauge. */
import { currentPosition } from '../../evaluate/client-boundaries.js';
import { lagOf, type HoldLag, type LatestPosition } from '../../fleet/lag.js';
import { FleetRecord, type FleetEntry } from '../../fleet/record.js';
import { fleetText, FLEET_REPORT, joinFleet, parseFleet, type FleetReport } from '../../fleet/report.js';
import type { Stream } from '../../grip/channels.js';
import type { FleetReader } from '../../http/admin/parts.js';
import type { Replica } from '../../replica/replica.js';
import type { Ruleset } from '../../ruleset/ruleset.js';
import type { DirectHolds } from '../../subscribe/direct.js';
import type { NodeParts } from './parts.js';

/** Milliseconds between two reports, and the time for which one is kept. */
const REPORT_MS = 2_000;
const REPORT_TTL_MS = 10_000;

/** The fleet as this node knows it. */
export interface Fleet extends FleetReader {
  /** Reports to the other nodes until the signal aborts. */
  report(signal: AbortSignal): Promise<void>;
}

/** Builds the fleet of a record that the routes of streams fill. */
export function buildFleet(
  { settings, store, metrics, clock, holder }: NodeParts,
  record: FleetRecord,
  replica: Replica,
  directHolds: DirectHolds,
): Fleet {
  const staleness = settings.stalenessSeconds * 1000;
  const own = (): FleetReport => ({
    entries: [...directEntries(directHolds), ...record.entries()],
    isTruncated: record.isTruncated,
  });
  const latest = (ruleset: Ruleset, stream: Stream['kind']): LatestPosition => ({
    position: stream === 'configs' ? ruleset.version : currentPosition(ruleset, clock.now()),
    committedAt: Number(ruleset.committedAt / 1000n),
  });
  const lag = (position: bigint, at: LatestPosition): HoldLag => lagOf(position, at, clock.now(), staleness);
  metrics.labelledGauge(
    'holdfast_holds',
    'Holds that this node heard of within HOLDFAST_STALENESS, at least so many, by what they lack (current; under_t, over_t: a version that was committed less or more than that ago).',
    'lag',
    () => {
      const sums: Record<HoldLag, number> = { current: 0, under_t: 0, over_t: 0 };
      for (const { environment, stream, position, holds } of own().entries) {
        const ruleset = replica.loaded(environment);
        if (ruleset !== undefined) sums[lag(position, latest(ruleset, stream))] += holds;
      }
      return Object.entries(sums);
    },
  );
  const id = `${holder}${FLEET_REPORT}`;
  return {
    latest,
    lag,
    report: async (signal) => {
      while (!signal.aborted) {
        // The replica and readiness say that the store is unavailable; this is no other fault.
        await store.nodeReports.write(id, fleetText(own()), REPORT_TTL_MS).catch(() => undefined);
        await clock.sleep(REPORT_MS, signal);
      }
    },
    everywhere: async () => {
      const { reports } = await store.nodeReports.read();
      const others = reports
        .filter((report) => report.id.endsWith(FLEET_REPORT) && report.id !== id)
        .flatMap(({ text, age }) => parseFleet(text, age) ?? []);
      return joinFleet([own(), ...others]);
    },
  };
}

function directEntries(directHolds: DirectHolds): FleetEntry[] {
  const report = [...directHolds.standings].map(({ key, stream, position }) => ({
    environment: stream.environment,
    keyId: key.id,
    stream: stream.kind,
    position,
    proxy: 'direct',
    holds: 1,
    ageMs: 0,
  }));
  return [...joinFleet([{ entries: report, isTruncated: false }]).entries];
}
