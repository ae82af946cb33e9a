/** Expiry and last use of API keys on a node, with a store whose answers the test decides about. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Keyring } from '../../src/keys/keyring.js';
import { KeyUpkeep } from '../../src/keys/upkeep.js';
import { createLog } from '../../src/observe/log.js';
import { createEnvironment, keyNamed } from '../support/commits.js';
import { openSlowStore, type SlowStore } from '../support/slow-store.js';

const ENV = 7n;
const HOUR = 3_600_000;
let slow: SlowStore;
let keyring: Keyring;
let upkeep: KeyUpkeep;
/** Milliseconds that the node's clocks are ahead of the store's. */
let ahead = 0;

beforeEach(async () => {
  ahead = 0;
  slow = await openSlowStore();
  await createEnvironment(slow.direct, ENV);
  const now = () => Date.now() + ahead;
  keyring = new Keyring(slow.store, now);
  const clock = {
    now,
    monotonic: () => performance.now() + ahead,
    random: Math.random,
    sleep: () => Promise.resolve(),
  };
  upkeep = new KeyUpkeep({ store: slow.store, keyring, clock, log: createLog('silent') });
});

afterEach(() => slow.close());

const addKey = async (expiresAt: number) => {
  const key = { ...keyNamed('one', ENV), expiresAt };
  await slow.direct.addKey(key);
  await keyring.load();
  return key;
};

const storedKey = async () => (await slow.direct.keys())[0];

describe('a key that expires', () => {
  it('a key is good until its time, and revoked from then on, with its listeners told once', async () => {
    const told: (number | undefined)[] = [];
    keyring.onRevoked(({ revokedAt }) => told.push(revokedAt));
    const key = await addKey(Date.now() + HOUR);
    expect(await keyring.find('one')).toEqual(key);
    expect(keyring.isRevoked('one')).toBe(false);
    ahead = HOUR;
    expect(await keyring.find('one')).toEqual({ ...key, revokedAt: key.expiresAt });
    expect(keyring.isRevoked('one')).toBe(true);
    expect((await keyring.findById('one'))?.revokedAt).toBe(key.expiresAt);
    expect(told).toEqual([key.expiresAt]);
  });

  it('a key whose time is over ends its holds although no request names it', async () => {
    const told: string[] = [];
    keyring.onRevoked(({ id }) => told.push(id));
    await addKey(Date.now() + HOUR);
    await upkeep.step();
    expect(told).toEqual([]);
    ahead = HOUR;
    await upkeep.step();
    expect(told).toEqual(['one']);
  });

  it('a key whose time is over by the clock of the store is revoked there, as of its expiry', async () => {
    const key = await addKey(Date.now() - 1);
    await upkeep.step();
    expect(await storedKey()).toEqual({ ...key, revokedAt: key.expiresAt });
    await upkeep.step();
    expect(slow.calls.revokeKey).toBe(1);
  });

  it('a node whose clock is ahead refuses a key early, and does not revoke it for the others', async () => {
    const key = await addKey(Date.now() + HOUR);
    ahead = HOUR;
    await upkeep.step();
    expect(keyring.isRevoked('one')).toBe(true);
    expect(await storedKey()).toEqual(key);
  });

  it('a key that was refused early is good again when the clock of the node is right', async () => {
    const key = await addKey(Date.now() + HOUR);
    ahead = HOUR;
    await upkeep.step();
    ahead = 0;
    expect(keyring.isRevoked('one')).toBe(false);
    expect(await keyring.find('one')).toEqual(key);
  });

  it('a node whose clock is ahead does not write its own refusal back into a store that lost writes', async () => {
    const key = await addKey(Date.now() + HOUR);
    ahead = HOUR;
    await upkeep.step();
    expect(await keyring.writeBack()).toBe(0);
    expect(await storedKey()).toEqual(key);
  });

  it('a revoked key stays revoked when an older reading of the store still had it, whatever its expiry', async () => {
    const key = await addKey(Date.now() + HOUR);
    keyring.take({ ...key, revokedAt: Date.now() });
    keyring.take(key);
    expect(keyring.isRevoked('one')).toBe(true);
    expect((await keyring.find('one'))?.revokedAt).toBeDefined();
  });

  it('a key that expired while the store was unavailable is revoked when it is back', async () => {
    const key = await addKey(Date.now() - 1);
    slow.away(['revokeKey'], true);
    await upkeep.step();
    expect(keyring.isRevoked('one')).toBe(true);
    slow.away(['revokeKey'], false);
    await upkeep.step();
    expect((await storedKey())?.revokedAt).toBe(key.expiresAt);
  });
});

describe('the last use of a key', () => {
  const lastUse = async () => (await slow.direct.keyUse.lastUses(['one'])).get('one');

  it('uses of a key are written together once a minute, and never while a client waits', async () => {
    await addKey(Date.now() + HOUR);
    await upkeep.step();
    for (let i = 0; i < 100; i++) await keyring.find('one');
    await upkeep.step();
    expect(await lastUse()).toBeUndefined();
    ahead = 60_000;
    const before = Date.now() + ahead;
    await keyring.find('one');
    await upkeep.step();
    expect(await lastUse()).toBeGreaterThanOrEqual(before);
  });

  it('a key that is unknown, revoked or expired is not used by a request that is refused', async () => {
    await addKey(Date.now() - 1);
    await keyring.find('one');
    await keyring.find('two');
    expect(keyring.takeUses().size).toBe(0);
  });

  it('uses that could not be written are written with the next ones, and at a stop', async () => {
    await addKey(Date.now() + HOUR);
    await keyring.find('one');
    const uses = keyring.takeUses();
    keyring.returnUses(uses);
    const stop = AbortSignal.abort();
    await upkeep.run(stop);
    expect(await lastUse()).toBe(uses.get('one'));
  });
});
