/**
 * Run as a process of its own, under a limit of file size that stands for a full disk: commits
 * something small, something too large and something small again, and prints what became of each
 * and what can be read then.
 */
import type { HoldfastError } from '../../src/core/errors.js';
import { openFileStore } from '../../src/store/file/store.js';
import { creation, flag, silent, update, withUnknownField } from './fixtures.js';

const store = await openFileStore(process.argv[2] ?? '', { log: silent });
await store.commit(creation(1n));
const results: string[] = [];
for (const commit of [
  update(1n, 0n, [flag(1n, 'before')]),
  update(1n, 1n, [withUnknownField(2n, 'large', new Uint8Array(1_000_000))]),
  update(1n, 1n, [flag(3n, 'after')]),
]) {
  const outcome = await store.commit(commit).catch((error: unknown) => error as HoldfastError);
  results.push('kind' in outcome ? outcome.kind : `${outcome.code}: ${outcome.message}`);
}
const keys = (await store.read(1n))?.configs.map(({ key }) => key) ?? [];
const seen: string[] = [];
for await (const signal of store.follow('0', new AbortController().signal)) {
  if (signal.kind === 'idle') break;
  seen.push(signal.kind === 'entries' ? signal.entries.map(({ position }) => position).join() : signal.kind);
}
await store.close();
console.log(JSON.stringify({ results, keys, seen }));
