/**
 * Measures what made-up API keys cost a belt server: memory and reads, when each names another
 * environment that exists.
 */
import { join } from 'node:path';
import { flag } from '../test/store/fixtures.js';
import { basic } from '../test/support/app.js';
import { keyText, newBucket, removeBuckets, writeCopy } from '../test/support/copies.js';
import { startNode } from '../test/support/node.js';
import { weighNode } from './memory.js';
import { readMetrics } from './node-metrics.js';

export const UNKNOWN_KEYS_CONFIGS = 10_000;
const MAIN = join(import.meta.dirname, '../dist/main.js');

export interface UnknownKeysResult {
  /** Made-up keys, each of another environment. */
  readonly keys: number;
  /** Resident memory, bytes. */
  readonly resident: { readonly before: number; readonly after: number };
  /** Manifests and snapshots that were read from the source. */
  readonly reads: number;
  /** Environments in memory afterwards. */
  readonly loaded: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<number, number>>;
}

/** Asks a belt server for snapshots with that many made-up keys. */
export async function measureUnknownKeys(
  keys: number,
  env: Readonly<Record<string, string>>,
): Promise<UnknownKeysResult> {
  const folder = await newBucket();
  const configs = Array.from({ length: UNKNOWN_KEYS_CONFIGS }, (_, i) =>
    flag(BigInt(i + 1), `bench.flag.${i}`),
  );
  for (let id = 1n; id <= BigInt(keys); id++) await writeCopy(folder, { environment: id, configs });
  const source = `file:${folder.name.slice('file '.length)}`;
  const server = await startNode({
    env: { ...env, LOG_LEVEL: 'warn' },
    command: [MAIN, 'serve', '--source', source],
  });
  try {
    const before = (await weighNode(server)).resident;
    const statuses: Record<number, number> = {};
    for (let id = 1n; id <= BigInt(keys); id++) {
      const authorization = basic(keyText(id, 'SDK', 'made up'));
      const answer = await fetch(`${server.url}/api/v1/configs/0`, { headers: { authorization } });
      await answer.arrayBuffer();
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    }
    const metrics = await readMetrics(server);
    return {
      keys,
      resident: { before, after: (await weighNode(server)).resident },
      reads: metrics.sum('holdfast_source_reads_total'),
      loaded: metrics.sum('holdfast_copies'),
      statuses,
    };
  } finally {
    await server.stop();
    await removeBuckets();
  }
}
