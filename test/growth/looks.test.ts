/**
 * One request or change looks at no more in a large installation. Counted, not timed: how often
 * objects of others are read.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { planChange } from '../../src/commit/plan.js';
import { ClientBoundaries, SortedTimes } from '../../src/evaluate/client-boundaries.js';
import { Keyring } from '../../src/keys/keyring.js';
import { BoundaryWatch } from '../../src/publish/boundary-watch.js';
import { MissedTargets } from '../../src/publish/outbox/missed.js';
import { encodeConfig, encodeEnvelope } from '../../src/ruleset/codec.js';
import { Ruleset, type Change } from '../../src/ruleset/ruleset.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import { FileState } from '../../src/store/file/state.js';
import type { Key, Store } from '../../src/store/store.js';
import { flag, segment, tombstone } from '../ruleset/arbitrary.js';
import { scheduled } from '../support/configs.js';

const MANY = 1_000;

afterEach(() => vi.restoreAllMocks());

/** Counts the times that a property is read. */
function counted<T extends object>(object: T, name: keyof T, count: () => void): T {
  const value = object[name];
  return Object.defineProperty(object, name, {
    enumerable: true,
    get: () => {
      count();
      return value;
    },
  });
}

function changeOf(environment: bigint, previous: bigint, version: bigint, from: number): Change {
  const clients = { clientPrevious: previous, clientVersion: version };
  const config = encodeConfig({ ...scheduled('flag', from), id: `${version}` });
  return {
    environment,
    previous,
    version,
    ...clients,
    at: version,
    envelope: new Uint8Array(),
    configs: [config],
  };
}

describe('a leader with many environments that have scheduled rules', () => {
  function watching(): BoundaryWatch {
    const watch = new BoundaryWatch(0);
    watch.list([]);
    for (let i = 1; i <= MANY; i++) watch.change(changeOf(BigInt(i), 0n, 1n, 10_000 + i), 1);
    return watch;
  }

  it('a change of one of many environments with scheduled rules looks at the boundaries of that one', () => {
    const watch = watching();
    const [next, last] = [
      vi.spyOn(ClientBoundaries.prototype, 'next'),
      vi.spyOn(ClientBoundaries.prototype, 'last'),
    ];
    watch.change(changeOf(7n, 1n, 2n, 20_000), 2);
    expect(watch.due(2)).toEqual([]);
    expect(watch.next).toBe(10_001);
    expect(next.mock.calls.length + last.mock.calls.length).toBeLessThan(10);
  });

  it('a boundary that passes looks at the environments that have it', () => {
    const watch = watching();
    const last = vi.spyOn(ClientBoundaries.prototype, 'last');
    expect(watch.due(10_003).map(({ environment }) => environment)).toEqual([1n, 2n, 3n]);
    expect(last).toHaveBeenCalledTimes(3);
  });

  it('boundaries that are moved again and again leave no queue that grows', () => {
    const watch = watching();
    for (let i = 1n; i <= 5_000n; i++) watch.change(changeOf(7n, i, i + 1n, 5_000 + Number(i % 2n)), 1);
    expect(watch.next).toBe(5_000);
    expect(watch.due(5_000)).toHaveLength(1);
    expect(watch.next).toBe(10_001);
    expect(watch.queued).toBeLessThanOrEqual(2 * MANY + 1_001);
  });

  it('a change of one of many scheduled flags moves the boundaries of that flag alone', () => {
    const boundaries = new ClientBoundaries();
    const encoded = (i: number, from: number) => encodeConfig({ ...scheduled(`flag-${i}`, from), id: '1' });
    boundaries.apply(Array.from({ length: MANY }, (_, i) => encoded(i, 10_000 + i)));
    const [add, remove] = [vi.spyOn(SortedTimes.prototype, 'add'), vi.spyOn(SortedTimes.prototype, 'remove')];
    boundaries.apply([encoded(5, 99)]);
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1]);
    expect([boundaries.next(0), boundaries.next(10_004)]).toEqual([99, 10_006]);
  });
});

describe('a node with many keys and names', () => {
  it('the keys of one of many environments are found without a look at the keys of others', () => {
    const keyring = new Keyring({} as Store);
    let looks = 0;
    for (let i = 1; i <= MANY; i++) {
      const key: Key = {
        id: `${i}`,
        environment: BigInt(i),
        kind: 'server',
        name: '',
        hash: `h${i}`,
        createdAt: 0,
      };
      keyring.take(counted(key, 'environment', () => looks++));
    }
    looks = 0;
    expect([keyring.has(7n), keyring.has(0n), keyring.of(7n).map(({ id }) => id)]).toEqual([
      true,
      false,
      ['7'],
    ]);
    expect(looks).toBe(0);
  });

  it('the holder of a name is found without a look at the names of all environments', () => {
    const state = new FileState();
    let looks = 0;
    for (let i = 1; i <= MANY; i++) {
      const settings = counted({ id: BigInt(i), projectId: 1n, name: `name ${i}` }, 'name', () => looks++);
      const commit = { environment: BigInt(i), settings, live: 0, change: undefined };
      state.apply({ type: 'commit', ...commit, idempotency: undefined, history: undefined }, 0);
    }
    looks = 0;
    expect(state.nameHolder({ id: 5_000n, projectId: 1n, name: 'name 900' })).toBe(900n);
    expect(state.nameHolder({ id: 900n, projectId: 1n, name: 'name 900' })).toBeUndefined();
    expect(state.nameHolder({ id: 5_000n, projectId: 1n, name: 'new' })).toBeUndefined();
    expect(state.named('name 900')).toEqual([900n]);
    expect(looks).toBeLessThan(10);
  });

  it('all environments are listed in steps of a hundred or so, not in one', () => {
    const state = new FileState();
    for (let i = 1; i <= MANY; i++) {
      const settings = { id: BigInt(i), projectId: 1n, name: `name ${i}` };
      const commit = { environment: BigInt(i), settings, live: 0, change: undefined };
      state.apply({ type: 'commit', ...commit, idempotency: undefined, history: undefined }, 0);
    }
    const steps = state.environments();
    let count = 1;
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) count++;
    expect(step.value).toHaveLength(MANY);
    expect(count).toBeGreaterThan(MANY / 200);
  });
});

describe('a proxy that missed many environments', () => {
  it('the number of environments that a proxy missed is known without a look at all of them', () => {
    const missed = new MissedTargets();
    let looks = 0;
    const targetOf = (i: number, version: bigint) =>
      ({ kind: 'environment', environment: BigInt(i), version }) as const;
    for (let i = 1; i <= MANY; i++)
      missed.mark(counted({ ...targetOf(i, 1n) }, 'environment', () => looks++));
    missed.mark({ kind: 'clients', environment: 7n, shard: 1, position: 1n });
    missed.mark({ kind: 'key', keyId: 'k' });
    looks = 0;
    expect(missed.environments).toBe(MANY);
    missed.clear(targetOf(7, 1n));
    expect(missed.environments).toBe(MANY);
    missed.clear({ kind: 'clients', environment: 7n, shard: 1, position: 1n });
    expect(missed.environments).toBe(MANY - 1);
    expect(looks).toBeLessThan(10);
  });
});

describe('a ruleset with many configs', () => {
  const settings = { id: 7n, projectId: 3n, name: '' };

  it('a change of a segment and a deletion look at the configs that use it, not at all configs', () => {
    let looks = 0;
    const configs = [
      segment('s'),
      segment('user', 's'),
      ...Array.from({ length: MANY }, (_, i) => flag(`f${i}`)),
    ];
    const encoded = configs.map((config, i) => encodeConfig({ ...config, id: `${i + 1}` }));
    const [version, envelope] = [BigInt(encoded.length), encodeEnvelope(settings)];
    const ruleset = new Ruleset({ environment: 7n, version, at: 0n, envelope, configs: encoded });
    for (const config of encoded.slice(2)) counted(ruleset.get(config.key)!, 'bytes', () => looks++);
    const commit = (...submitted: Parameters<typeof flag>[0][] | object[]) => {
      const plan = planChange(
        { ruleset, settings },
        readSubmittedJson({ configs: submitted }),
        1_700_000_000_000_000n,
      );
      ruleset.apply(plan.change!);
    };
    const changed = (on: boolean) => ({ ...segment('s'), rows: [{ values: [{ value: { bool: on } }] }] });
    commit(changed(false));
    expect(looks).toBeGreaterThan(0);
    looks = 0;
    commit(changed(true));
    commit(tombstone('f3'));
    expect(looks).toBeLessThan(20);
    expect(() => commit(tombstone('s'))).toThrow(/is used by "user"/);
  });
});
