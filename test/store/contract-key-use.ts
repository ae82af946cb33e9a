/** The part of the stores' contract that is about the last uses of API keys. */
import { describe, expect, it } from 'vitest';
import { KEY_USE_STEP_MS } from '../../src/store/key-use.js';
import type { Store } from '../../src/store/store.js';
import { apiKey } from './fixtures.js';

const AT = 1_800_000_000_000;

export function keyUseContract(current: () => Store): void {
  const uses = async (...ids: string[]): Promise<Record<string, number>> =>
    Object.fromEntries(await current().keyUse.lastUses(ids));

  describe('uses of keys', () => {
    it('the last use of each key is read by its id, and none of a key that was never used', async () => {
      expect(await uses('a', 'b')).toEqual({});
      const { keyUse } = current();
      await keyUse.note(new Map([['a', AT]]));
      await keyUse.note(
        new Map([
          ['a', AT + KEY_USE_STEP_MS],
          ['b', AT + 1],
        ]),
      );
      expect(await uses('a', 'b', 'c')).toEqual({ a: AT + KEY_USE_STEP_MS, b: AT + 1 });
      expect(await uses('b')).toEqual({ b: AT + 1 });
      expect(await uses()).toEqual({});
    });

    it('a use that is older, or newer by less than the step, changes nothing', async () => {
      const { keyUse } = current();
      await keyUse.note(new Map([['a', AT]]));
      for (const at of [AT - KEY_USE_STEP_MS, AT + KEY_USE_STEP_MS - 1])
        await keyUse.note(new Map([['a', at]]));
      expect(await uses('a')).toEqual({ a: AT });
    });

    it('uses of more keys than one step of the store takes are all noted', async () => {
      const all = Array.from({ length: 1_201 }, (_, index) => `key-${index}`);
      await current().keyUse.note(new Map(all.map((id, index) => [id, AT + index])));
      expect(Object.keys(await uses(...all))).toHaveLength(1_201);
      expect(await uses('key-1200')).toEqual({ 'key-1200': AT + 1_200 });
    });

    it('a use is no entry of the feed, and changes no key', async () => {
      await current().addKey(apiKey('a', { expiresAt: AT }));
      const head = await current().head();
      await current().keyUse.note(new Map([['a', AT]]));
      expect(await current().head()).toBe(head);
      expect(await current().keys()).toEqual([apiKey('a', { expiresAt: AT })]);
    });
  });

  it('a key keeps its expiry when it is read, and when it is revoked', async () => {
    const key = apiKey('a', { expiresAt: AT });
    await current().addKey(key);
    expect(await current().keyByHash(key.hash)).toEqual(key);
    expect(await current().revokeKey('a', AT)).toEqual({ ...key, revokedAt: AT });
    expect(await current().keys()).toEqual([{ ...key, revokedAt: AT }]);
  });
}
