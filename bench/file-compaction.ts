/**
 * `node --import tsx bench/file-compaction.ts [SECONDS]`: the file store while its log is
 * compacted. Prints the size of the log and the longest commit, during compactions and outside of
 * them; needs no server.
 *
 * Two loads, one commit after the other: one flag of a small environment over and over, which is
 * all superseded records; and 50 configs at a time of 50,000, where each compaction writes
 * everything that is live.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { openFileStore } from '../src/store/file/store.js';
import { creation, update, withUnknownField } from '../test/store/fixtures.js';

const seconds = Number(process.argv[2] ?? 60);

interface Load {
  readonly name: string;
  /** Configs that are live. */
  readonly configs: number;
  /** Bytes of each. */
  readonly bytes: number;
  /** Configs per commit. */
  readonly changed: number;
}

const LOADS: readonly Load[] = [
  { name: '27 configs of 2 KB', configs: 27, bytes: 2_000, changed: 1 },
  { name: '50,000 configs of 1 KB', configs: 50_000, bytes: 1_000, changed: 50 },
];

for (const load of LOADS) console.table([await measure(load)]);

async function measure({ name, configs, bytes, changed }: Load) {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  let compactions = 0;
  const log = pino(
    { level: 'debug' },
    { write: (line: string) => void (compactions += Number(line.includes('log compacted'))) },
  );
  const store = await openFileStore(directory, { log });
  try {
    await store.commit(creation(1n));
    const config = (version: bigint, key: bigint) =>
      withUnknownField(version, `flag-${key}`, new Uint8Array(bytes).fill(Number(version % 251n)));
    const first = Array.from({ length: configs }, (_, i) => config(BigInt(i + 1), BigInt(i)));
    await store.commit(update(1n, 0n, first));
    const live = (await stat(join(directory, 'log'))).size;
    const loop = monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
    const times: { compacting: boolean; ms: number }[] = [];
    let version = BigInt(configs);
    let largest = 0;
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      const compacting = (await readdir(directory)).some((file) => file.endsWith('.new'));
      const next = Array.from({ length: changed }, (_, i) => {
        const id = version + BigInt(i + 1);
        return config(id, id % BigInt(configs));
      });
      const start = performance.now();
      await store.commit(update(1n, version, next));
      version += BigInt(changed);
      times.push({ compacting, ms: performance.now() - start });
      largest = Math.max(largest, (await stat(join(directory, 'log'))).size);
    }
    loop.disable();
    const of = (compacting: boolean) =>
      times.filter((time) => time.compacting === compacting).map(({ ms }) => ms);
    return {
      load: name,
      'live MB': mega(live),
      'written MB': mega(times.length * changed * bytes * (4 / 3)),
      'largest log MB': mega(largest),
      'bound MB': mega(2 * live + 4 * 1024 * 1024),
      compactions,
      commits: times.length,
      'median ms': round(quantile(of(false), 0.5)),
      'p99 ms': round(quantile(of(false), 0.99)),
      'longest ms': round(Math.max(0, ...of(false))),
      'compacting: median ms': round(quantile(of(true), 0.5)),
      'compacting: p99 ms': round(quantile(of(true), 0.99)),
      'compacting: longest ms': round(Math.max(0, ...of(true))),
      'longest turn ms': round(loop.max / 1e6),
    };
  } finally {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
}

function mega(bytes: number): number {
  return round(bytes / 1024 / 1024);
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
