/**
 * The server as it was at commit d5e7b63, the last before history, operators and deletions: about
 * one release older than this one. Made by `node scripts/pack-node.mjs d5e7b63`.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Unpacks the old server; returns the arguments of node that run it. */
export function unpackOldNode(): string[] {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-old-'));
  mkdirSync(join(dir, 'dist/old'), { recursive: true });
  const packed = readFileSync(join(import.meta.dirname, 'node-d5e7b63.mjs.gz'));
  const main = join(dir, 'dist/old/main.mjs');
  writeFileSync(main, gunzipSync(packed));
  writeFileSync(join(dir, 'package.json'), '{ "name": "holdfast", "version": "0.0.9", "type": "module" }');
  return [main, 'serve'];
}
