/** The part of the stores' contract that is about the names of environments. */
import { describe, expect, it } from 'vitest';
import { encodeConfig } from '../../src/ruleset/codec.js';
import type { CommitResult, Store } from '../../src/store/store.js';
import { by, changeOf, creation, settings } from './fixtures.js';

export function nameContract(current: () => Store): void {
  const create = (id: bigint, name: string) =>
    current().commit({ ...creation(id, { name }), isNameUnique: true });
  const rename = (id: bigint, name: string) =>
    current().commit({
      environment: id,
      by,
      expect: 0n,
      settings: settings(id, { name }),
      live: 0,
      isNameUnique: true,
    });
  const kinds = (results: readonly CommitResult[]): string[] => results.map(({ kind }) => kind).sort();

  describe('names of environments', () => {
    it('a commit that expects a name is a conflict where the name is another, at the same version too', async () => {
      await create(1n, 'one name');
      const expecting = (expectName: string, name: string) =>
        current().commit({
          environment: 1n,
          by,
          expect: 0n,
          expectName,
          settings: settings(1n, { name }),
          live: 0,
        });
      expect(await expecting('another', 'lost')).toEqual({ kind: 'conflict', version: 0n });
      expect(await expecting('one name', 'renamed')).toEqual({ kind: 'committed' });
      expect(await expecting('one name', 'lost')).toEqual({ kind: 'conflict', version: 0n });
      expect((await current().environment(1n))?.name).toBe('renamed');
    });

    it('of concurrent commits that give one name to several environments one is made', async () => {
      const ids = Array.from({ length: 12 }, (_, i) => BigInt(i + 1));
      const results = await Promise.all(ids.map((id) => create(id, 'staging')));
      expect(kinds(results)).toEqual(['committed', ...ids.slice(1).map(() => 'name_taken')]);
      const stored = await current().environments();
      expect(stored.map(({ name }) => name)).toEqual(['staging']);
      const [holder] = stored;
      for (const [i, result] of results.entries()) {
        if (ids[i] !== holder!.id) expect(result).toEqual({ kind: 'name_taken', environment: holder!.id });
      }
    });

    it('of concurrent commits that swap in one name for several environments one is made', async () => {
      for (const id of [1n, 2n, 3n]) await create(id, `environment-${id}`);
      const results = await Promise.all([1n, 2n, 3n].map((id) => rename(id, 'production')));
      expect(kinds(results)).toEqual(['committed', 'name_taken', 'name_taken']);
      const stored = (await current().environments()).map(({ name }) => name);
      expect(stored.filter((name) => name === 'production')).toHaveLength(1);
    });

    it('a name that its environment gave up or was deleted with can be taken by another', async () => {
      await create(1n, 'staging');
      await rename(1n, 'old staging');
      expect(await create(2n, 'staging')).toEqual({ kind: 'committed' });
      const tombstone = encodeConfig({ id: '10', key: 'a', configType: 'DELETED' });
      const change = { ...changeOf(2n, 0n, [tombstone]), deletes: true };
      await current().commit({ environment: 2n, by, expect: 0n, change, live: 0 });
      expect(await rename(1n, 'staging')).toEqual({ kind: 'committed' });
      expect(await create(3n, 'staging')).toEqual({ kind: 'name_taken', environment: 1n });
    });

    it('an environment keeps a name that it shares with another since before names were unique', async () => {
      await current().commit(creation(1n, { name: 'twice' }));
      await current().commit(creation(2n, { name: 'twice' }));
      expect(await rename(2n, 'twice')).toEqual({ kind: 'committed' });
      expect(await rename(1n, 'twice')).toEqual({ kind: 'committed' });
      expect((await create(3n, 'twice')).kind).toBe('name_taken');
      await rename(1n, 'once');
      await rename(2n, 'second');
      expect(await create(3n, 'twice')).toEqual({ kind: 'committed' });
    });

    it('the environments of a name are found, deleted and renamed ones and the canary left out', async () => {
      const environmentsNamed = (name: string) => current().environmentsNamed(name);
      await create(1n, 'staging');
      await current().commit(creation(20n, { name: 'twice' }));
      await current().commit(creation(3n, { name: 'twice' }));
      await current().commit(creation(0n, { name: 'twice' }));
      expect(await environmentsNamed('staging')).toEqual([1n]);
      expect(await environmentsNamed('twice')).toEqual([3n, 20n]);
      expect(await environmentsNamed('nothing')).toEqual([]);
      await rename(1n, 'production');
      await rename(20n, 'once');
      expect(await environmentsNamed('staging')).toEqual([]);
      expect(await environmentsNamed('production')).toEqual([1n]);
      expect(await environmentsNamed('twice')).toEqual([3n]);
      const tombstone = encodeConfig({ id: '10', key: 'a', configType: 'DELETED' });
      const change = { ...changeOf(3n, 0n, [tombstone]), deletes: true };
      await current().commit({ environment: 3n, by, expect: 0n, change, live: 0 });
      expect(await environmentsNamed('twice')).toEqual([]);
    });

    it('a commit that does not ask for a unique name, such as one that restores, is not refused', async () => {
      await create(1n, 'staging');
      expect(await current().commit(creation(2n, { name: 'staging' }))).toEqual({ kind: 'committed' });
    });
  });
}
