/** The image of a state: what a snapshot will hold, line by line. */
import type { EncodedConfig } from '../../ruleset/codec.js';
import { keyToJson } from '../key-record.js';
import type { Key, StoredEnvironment } from '../store.js';
import { configsToBase64 } from './encoding.js';
import { environmentRecord, type Remembered, type SnapshotRecord } from './record.js';

/** The bytes of configs in a line of a snapshot: making a line is a fraction of a millisecond. */
const LINE_BYTES = 64 * 1024;

/**
 * Everything that a state holds, as of one moment, by the lines of a snapshot. Holds no bytes of
 * its own.
 */
export type StateImage = readonly ImageLine[];

/** What one line of a snapshot holds. */
export type ImageLine =
  | { readonly type: 'environment'; readonly environment: StoredEnvironment; readonly deleted: boolean }
  | { readonly type: 'configs'; readonly environment: bigint; readonly configs: readonly EncodedConfig[] }
  | { readonly type: 'idempotency'; readonly environment: bigint; readonly idempotency: Remembered }
  | { readonly type: 'key'; readonly key: Key };

/** Writes a line of an image as the record that a log holds. */
export function recordOf(line: ImageLine): SnapshotRecord {
  switch (line.type) {
    case 'environment':
      return environmentRecord(line.environment, line.deleted);
    case 'configs':
      return {
        type: 'configs',
        environment: `${line.environment}`,
        configs: configsToBase64(line.configs),
      };
    case 'key':
      return { type: 'key', key: keyToJson(line.key) };
    case 'idempotency':
      return {
        type: 'idempotency',
        environment: `${line.environment}`,
        idempotency: line.idempotency,
      };
  }
}

/** Cuts configs into groups of a line each. */
export function lineGroups(configs: Iterable<EncodedConfig>): EncodedConfig[][] {
  const all: EncodedConfig[][] = [];
  let bytes = LINE_BYTES;
  for (const config of configs) {
    if (bytes >= LINE_BYTES) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)?.push(config);
    bytes += config.bytes.length;
  }
  return all;
}
