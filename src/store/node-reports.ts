/**
 * The part of the store's port through which nodes know about each other: each writes a report of
 * its state every second or two, and reads those of all.
 */
import { HoldfastError } from '../core/errors.js';

/** A report as a node wrote it. */
export interface StoredNodeReport {
  /** Unique to the process that wrote it. */
  readonly id: string;
  /** Milliseconds since it was written, by the store's clock. */
  readonly age: number;
  readonly text: string;
}

/** All that nodes reported. */
export interface NodeReportPage {
  /** By id, ascending. */
  readonly reports: readonly StoredNodeReport[];
  /** The time line of changes as the last leader wrote it. */
  readonly timeline: string | undefined;
}

/**
 * NodeReports keeps the newest report of each node for a time, and at most `NODE_REPORTS_MAX` of
 * them. Nothing else depends on them, so a write is not confirmed by replicas, and may be lost.
 */
export interface NodeReports {
  /**
   * Writes the report of a process in place of the one before.
   *
   * @param ttl milliseconds after which it is gone, unless another one comes
   * @param text at most `NODE_REPORT_MAX_BYTES`
   */
  write(id: string, text: string, ttl: number): Promise<void>;
  /** Removes the report of a process that stops. */
  remove(id: string): Promise<void>;
  /** Writes the time line of changes; the leader does. At most `TIMELINE_MAX_BYTES`. */
  writeTimeline(text: string): Promise<void>;
  read(): Promise<NodeReportPage>;
}

/** The most reports that a store keeps; the oldest goes first. */
export const NODE_REPORTS_MAX = 200;

/** The longest report, bytes. */
export const NODE_REPORT_MAX_BYTES = 32 * 1024;

/** The longest time line, bytes. */
export const TIMELINE_MAX_BYTES = 64 * 1024;

/** @throws HoldfastError `internal` when a text is longer than its bound */
export function checkReportSize(text: string, limit: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= limit) return;
  throw new HoldfastError('internal', `a report of a node has ${bytes} bytes; at most ${limit} are kept`);
}
