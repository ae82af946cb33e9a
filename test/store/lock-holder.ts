/**
 * Run as a process of its own: opens the file store in a directory and does what lines on its input
 * say, one answer per line. `commit` raises environment 1 by one version; `run` does so without
 * end, with an answer for each.
 */
import { createInterface } from 'node:readline';
import { messageOf } from '../../src/core/errors.js';
import { openFileStore } from '../../src/store/file/store.js';
import type { Store } from '../../src/store/store.js';
import { creation, flag, silent, update } from './fixtures.js';

const say = (answer: unknown) => process.stdout.write(`${JSON.stringify(answer)}\n`);

const opened = await openFileStore(process.argv[2] ?? '', {
  log: silent,
  lockPatience: Number(process.argv[3]),
  compactAbove: Number(process.argv[4] ?? 1_000_000),
}).catch((error: unknown) => messageOf(error));
if (typeof opened === 'string') {
  say({ refused: opened });
  process.exit(0);
}
const store: Store = opened;
if ((await store.version(1n)) === undefined) await store.commit(creation(1n));
say({ opened: `${await store.version(1n)}` });

for await (const command of createInterface({ input: process.stdin })) {
  if (command === 'commit') say(await commit());
  if (command === 'run') {
    for (;;) {
      const outcome = await commit();
      say(outcome);
      if ('failed' in outcome) break;
    }
  }
  if (command === 'state') say(store.writable());
  if (command === 'close') {
    await store.close();
    say({ closed: true });
    process.exit(0);
  }
}

async function commit(): Promise<{ committed: string } | { failed: string }> {
  const version = (await store.version(1n)) ?? 0n;
  const next = version + 1n;
  try {
    const result = await store.commit(update(1n, version, [flag(next, `flag-${next % 10n}`)]));
    return result.kind === 'committed' ? { committed: `${next}` } : { failed: result.kind };
  } catch (error) {
    return { failed: messageOf(error) };
  }
}
