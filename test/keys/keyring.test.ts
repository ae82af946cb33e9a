import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/observe/log.js';
import { issueKey } from '../../src/keys/issue-key.js';
import { hashKey, Keyring } from '../../src/keys/keyring.js';
import { Replica } from '../../src/replica/replica.js';
import { createEnvironment, keyNamed } from '../support/commits.js';
import { openSlowStore, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';

const ENV = 7n;
let slow: SlowStore;
let keyring: Keyring;

beforeEach(async () => {
  slow = await openSlowStore();
  await createEnvironment(slow.direct, ENV);
  keyring = new Keyring(slow.store);
});

afterEach(() => slow.close());

const add = (text: string) => slow.direct.addKey(keyNamed(text, ENV));

describe('find', () => {
  it('knows a key by its text', async () => {
    await add('one');
    await keyring.load();
    expect(await keyring.find('one')).toEqual(keyNamed('one', ENV));
    expect(slow.calls.keyByHash).toBeUndefined();
  });

  it('asks the store for one that another node has just created, once', async () => {
    await keyring.load();
    await add('new');
    expect((await keyring.find('new'))?.id).toBe('new');
    await keyring.find('new');
    expect(slow.calls.keyByHash).toBe(1);
  });

  it('find is undefined for an unknown key', async () => {
    expect(await keyring.find('wrong')).toBeUndefined();
  });

  it('find does not refuse an unknown key while the store is unavailable', async () => {
    slow.away(['keyByHash'], true);
    await expect(keyring.find('new')).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('finds a known key while the store is unavailable', async () => {
    await add('one');
    await keyring.load();
    slow.away(['keyByHash', 'keys'], true);
    expect((await keyring.find('one'))?.id).toBe('one');
  });

  it('keeps a revocation that came while the store was asked', async () => {
    await add('one');
    const gate = slow.hold('keyByHash', 'after');
    const finding = keyring.find('one');
    await gate.reached;
    keyring.take({ ...keyNamed('one', ENV), revokedAt: 5 });
    gate.open();
    expect((await finding)?.revokedAt).toBe(5);
  });
});

describe('findById', () => {
  it('reads all keys again for an id that it does not know', async () => {
    await keyring.load();
    await add('new');
    expect((await keyring.findById('new'))?.id).toBe('new');
    expect(await keyring.findById('none')).toBeUndefined();
    await keyring.findById('new');
    expect(slow.calls.keys).toBe(3);
  });

  it('rejects for an unknown id while the store is unavailable', async () => {
    slow.away(['keys'], true);
    await expect(keyring.findById('new')).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});

describe('revoking', () => {
  it('revoking is notified once, whether the feed or a reading brings it', async () => {
    const told: string[] = [];
    keyring.onRevoked((key) => told.push(key.id));
    await add('one');
    await add('two');
    await keyring.load();
    expect(told).toEqual([]);
    keyring.take((await slow.direct.revokeKey('one', 5))!);
    await slow.direct.revokeKey('two', 6);
    await keyring.load();
    await keyring.load();
    expect(told).toEqual(['one', 'two']);
    expect(keyring.isRevoked('one')).toBe(true);
    expect(keyring.isRevoked('other')).toBe(false);
  });

  it('revoking is final: a reading that began before does not undo it', async () => {
    await add('one');
    const gate = slow.hold('keys', 'after');
    const reading = keyring.load();
    await gate.reached;
    keyring.take((await slow.direct.revokeKey('one', 5))!);
    gate.open();
    await reading;
    expect((await keyring.find('one'))?.revokedAt).toBe(5);
    expect((await keyring.findById('one'))?.revokedAt).toBe(5);
  });

  it('reaches the keyring of a replica over the feed, and a listener that fails does not stop the feed', async () => {
    const replica = new Replica({
      store: slow.store,
      log: createLog('silent'),
      heal: () => Promise.resolve('committed'),
    });
    replica.keyring.onRevoked(() => {
      throw new Error('broken listener');
    });
    await replica.start();
    await add('one');
    await slow.direct.revokeKey('one', 5);
    await until('the revocation', () => replica.keyring.isRevoked('one'));
    await add('two');
    await until('the next key', () => replica.status().keys === 2);
    await replica.stop();
  });
});

describe('an issued key', () => {
  const environment = { id: ENV, projectId: 3n, name: '', version: 0n, clientVersion: 0n, at: 0n, live: 0 };

  it('an issued key has the form that the public SDKs want, and is stored hashed', () => {
    const { text, key } = issueKey(environment, 'server', 'ci', 1);
    expect(text).toMatch(/^[0-9a-f]{16}-P3-E7-SDK-[0-9a-f]{32}$/);
    expect(key).toMatchObject({
      environment: ENV,
      kind: 'server',
      name: 'ci',
      hash: hashKey(text),
      createdAt: 1,
    });
    expect(JSON.stringify({ ...key, environment: '' })).not.toContain(text);
  });

  it('an issued key says client when it is for clients, and is never the same twice', () => {
    const texts = [1, 2].map(() => issueKey(environment, 'client', '', 1));
    expect(texts[0]!.text).toMatch(/-CLIENT-/);
    expect(texts[0]!.text).not.toBe(texts[1]!.text);
    expect(texts[0]!.key.id).not.toBe(texts[1]!.key.id);
  });
});
