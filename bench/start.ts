/**
 * The processor time of a start, until `/readyz` answers 200: on the embedded store with 1,000
 * flags. `npx tsx bench/start.ts [DIST …]` (after `npm run build`); default: the build of this
 * folder. With several they are started in turn, so that what else runs is the same for all; a
 * build of an earlier version needs its package.json in the folder above it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startNode, type HoldfastNode } from '../test/support/node.js';
import { processorTime } from './peers/raw-http.js';
import { median } from './statistics.js';
import { figure, table } from './table.js';

const STARTS = 7;
const FLAGS = 1_000;
const TOKEN = 'a-token-of-the-operator-of-this-run';

const given = process.argv.slice(2);
const builds = given.length > 0 ? given : [join(import.meta.dirname, '../dist')];
const folder = mkdtempSync(join(tmpdir(), 'hf-start-'));
try {
  // Each has a store of its own: formats may differ.
  for (const place of builds.keys()) await fill(await start(place));
  const times = builds.map((): number[] => []);
  for (let round = 0; round < STARTS; round++) {
    for (const place of builds.keys()) {
      const node = await start(place);
      times[place]!.push(processorTime(node.pid));
      await node.stop();
    }
  }
  process.stdout.write(`${report(times)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function start(place: number): Promise<HoldfastNode> {
  return startNode({
    env: {
      HOLDFAST_STORE: `file:${join(folder, `data-${place}`)}`,
      HOLDFAST_ADMIN_TOKEN: TOKEN,
      HOLDFAST_SECRET: 'signs-nothing-in-this-measurement',
      HOLDFAST_EXAMPLES: 'off',
      HOLDFAST_DRAIN: '0',
      LOG_LEVEL: 'warn',
    },
    command: [join(resolve(builds[place]!), 'main.js'), 'serve'],
  });
}

/** Writes the flags, and ends the node. */
async function fill(node: HoldfastNode): Promise<void> {
  const configs = Array.from({ length: FLAGS }, (_, i) => ({
    key: `flag.${i}`,
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    rows: [{ values: [{ value: { bool: i % 2 === 0 } }] }],
  }));
  const environment = `${node.url}/admin/v1/environments/1`;
  await send('PUT', environment, { name: 'production', projectId: '1' });
  await send('POST', `${environment}/changes`, { configs });
  await node.stop();
}

async function send(method: string, url: string, body: unknown): Promise<void> {
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
}

function report(times: readonly (readonly number[])[]): string {
  const rows = times.map((each, place) => {
    const range = `${figure(Math.min(...each))} – ${figure(Math.max(...each))}`;
    return [builds[place]!, figure(median(each)), range];
  });
  return table(['build', `ms CPU, median of ${STARTS}`, 'least – most'], rows);
}
