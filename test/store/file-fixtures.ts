/** The content and the damage of data directories, for tests of the file store. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store, StoredEnvironment } from '../../src/store/store.js';
import { apiKey, by, contents, creation, everyByte, flag, settings, tombstone, update } from './fixtures.js';

export const HOUR = 60 * 60 * 1000;

/** The lines of a log. */
export async function lines(path: string): Promise<string[]> {
  return (await readFile(join(path, 'log'), 'utf8')).split('\n').slice(0, -1);
}

/** Everything that can be read of a store with environments 1 and 2. */
export async function everything(store: Store) {
  const rulesets = await Promise.all([1n, 2n].map((id) => store.read(id)));
  return {
    rulesets: rulesets.map(
      (ruleset) => ruleset && { ...comparable(ruleset), configs: contents(ruleset.configs) },
    ),
    environments: (await store.environments()).map(comparable),
    keys: await store.keys(),
    repeated: await store.repeated(1n, 'request'),
    cursors: await store.leadership.cursors(),
    head: await store.head(),
  };
}

/** A Buffer and a Uint8Array of the same bytes are the same here. */
function comparable(environment: StoredEnvironment) {
  const { defaultContext } = environment;
  return { ...environment, defaultContext: defaultContext && Buffer.from(defaultContext).toString('hex') };
}

/** Fills a store with some of each kind of record. */
export async function fill(store: Store): Promise<void> {
  await store.commit(creation(1n, { defaultContext: everyByte }));
  await store.commit(creation(2n));
  const idempotency = { key: 'request', digest: 'd', answer: 'ü "\n' };
  await store.commit(
    update(1n, 0n, [flag(2n ** 60n + 1n, 'a'), flag(2n ** 60n + 2n, 'ключ\n')], { idempotency }),
  );
  await store.commit(update(1n, 2n ** 60n + 2n, [tombstone(2n ** 60n + 3n, 'a')], { live: 1 }));
  await store.commit({
    environment: 2n,
    by,
    expect: 0n,
    settings: settings(2n, { name: 'renamed' }),
    live: 0,
  });
  await store.addKey(apiKey('a'));
  await store.addKey(apiKey('b', { kind: 'client' }));
  await store.revokeKey('a', 5);
  await store.leadership.acquire('me', HOUR);
  await store.leadership.saveCursors('me', new Map([['http://proxy', await store.head()]]));
}

/** Makes a log that says the same thing many times, of which clients did not see the last. */
export async function wasteful(store: Store): Promise<void> {
  await fill(store);
  for (let version = 1n; version < 200n; version++) {
    await store.commit(update(2n, version - 1n, [flag(version, 'a')]));
  }
  const { change } = update(2n, 199n, [flag(200n, 'a')]);
  const unseen = { clientPrevious: 199n, clientVersion: 199n };
  await store.commit(update(2n, 199n, [], { change: { ...change!, ...unseen }, live: 1 }));
}
