/** The part of the stores' contract that is about the environment of the canary. */
import { describe, expect, it } from 'vitest';
import { CanaryCommits } from '../../src/canary/commits.js';
import { CANARY_ENVIRONMENT } from '../../src/store/rules.js';
import type { FeedPosition, Store } from '../../src/store/store.js';
import { until } from '../support/until.js';
import { creation, type Follower } from './fixtures.js';

export function canaryContract(current: () => Store, follow: (from: FeedPosition) => Follower): void {
  describe("the canary's environment", () => {
    it('changes of the canary are in the feed, and its environment is in no list and has no history', async () => {
      const store = current();
      await store.commit(creation(5n));
      const follower = follow(await store.head());
      const commits = new CanaryCommits(store);
      const versions: bigint[] = [];
      for (let i = 0; i < 3; i++)
        expect(await commits.commit((version) => versions.push(version))).toBe(true);

      await until('the feed brings the changes', () => follower.versions.length === 3);
      expect(follower.versions).toEqual(versions);
      expect((await store.environments()).map(({ id }) => id)).toEqual([5n]);
      expect((await store.history(CANARY_ENVIRONMENT, { limit: 10 })).entries).toEqual([]);
      const stored = await store.read(CANARY_ENVIRONMENT);
      expect([stored?.version, stored?.configs.length]).toEqual([versions[2], 1]);
    });

    it('of two canaries whose terms overlap each commits on, and no change is made twice', async () => {
      const store = current();
      const [first, second] = [new CanaryCommits(store), new CanaryCommits(store)];
      const begun: bigint[] = [];
      const begin = (version: bigint): void => void begun.push(version);
      expect(await first.commit(begin)).toBe(true);
      expect(await second.commit(begin)).toBe(true);
      const refused = begun.length;
      expect(await first.commit(begin)).toBe(false);
      expect(await first.commit(begin)).toBe(true);
      const made = begun.filter((_, i) => i !== refused);
      expect(new Set(made).size).toBe(3);
      expect((await store.read(CANARY_ENVIRONMENT))?.version).toBe(made[2]);
    });
  });
}
