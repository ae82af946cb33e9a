import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientPosition } from '../../src/ruleset/client-position.js';
import type { OutboxEntry } from '../../src/publish/outbox/entry.js';
import { Outbox, type OutboxLimits, type OutboxCursor } from '../../src/publish/outbox/outbox.js';
import { nextBatch } from '../../src/publish/outbox/batch.js';
import type { Item } from '../../src/publish/outbox/items.js';
import { changeEntry, closeEntry, nameOf, readItem, silentEntry, tellEntry } from './arbitrary.js';

const names = (items: readonly Item[]) => items.map(nameOf);

const whereIs = ({ position, waiting, complete }: OutboxCursor) => ({ position, waiting, complete });

/** Sends everything that a cursor has, to a proxy that accepts everything. */
function sendAll(cursor: OutboxCursor, maxBody = 10_000): Item[] {
  const sent: Item[] = [];
  for (let round = 0; round < 100; round++) {
    const batch = nextBatch(cursor, maxBody);
    if (batch === undefined) return sent;
    sent.push(...batch.items);
    batch.settle();
  }
  throw new Error('it never ends');
}

describe('a cursor', () => {
  it('a cursor has what is pushed after it, in order', () => {
    const outbox = new Outbox();
    outbox.push(changeEntry(1, 7n, 0, 1));
    const cursor = outbox.cursorAtEnd('1');
    outbox.push(changeEntry(2, 7n, 1, 2));
    outbox.push(changeEntry(3, 8n, 0, 5));
    expect(cursor.waiting).toBe(2);
    expect(names(sendAll(cursor))).toEqual(['7: 1→2', '8: 0→5']);
    expect(whereIs(cursor)).toEqual({ waiting: 0, position: '3', complete: true });
  });

  it('a cursor at the start has what is in the ring already', () => {
    const outbox = new Outbox();
    outbox.push(changeEntry(5, 7n, 0, 1));
    const cursor = outbox.cursorAtStart('4');
    expect(cursor.position).toBe('4');
    expect(names(sendAll(cursor))).toEqual(['7: 0→1']);
  });

  it('a cursor after an entry has what follows it; and there is none after one that is not in the ring', () => {
    const outbox = new Outbox({ entries: 2, bytes: 1e6 });
    for (let i = 1; i <= 3; i++) outbox.push(changeEntry(i, 7n, i - 1, i));
    expect(names(sendAll(outbox.cursorAfter('2')!))).toEqual(['7: 2→3']);
    expect(sendAll(outbox.cursorAfter('3')!)).toEqual([]);
    expect(outbox.cursorAfter('1')).toBeUndefined();
  });

  it('a cursor loses what leaves the ring, and then gets one resync item per environment with the newest missed version', () => {
    const outbox = new Outbox({ entries: 2, bytes: 1e6 });
    const cursor = outbox.cursorAtEnd('0');
    for (let i = 1; i <= 5; i++) outbox.push(changeEntry(i, 7n, i - 1, i));
    expect(cursor.position).toBe('3');
    expect(names(sendAll(cursor))).toEqual(['7: →3', '7: 3→4', '7: 4→5']);
  });

  it('a cursor of one proxy does not hold back another', () => {
    const outbox = new Outbox({ entries: 2, bytes: 1e6 });
    const dead = outbox.cursorAtEnd('0');
    const alive = outbox.cursorAtEnd('0');
    const seen: string[] = [];
    for (let i = 1; i <= 6; i++) {
      outbox.push(changeEntry(i, 7n, i - 1, i));
      seen.push(...names(sendAll(alive)));
    }
    expect(seen).toEqual(['7: 0→1', '7: 1→2', '7: 2→3', '7: 3→4', '7: 4→5', '7: 5→6']);
    expect([...dead.missed]).toEqual([environment(7n, 4n)]);
  });

  it('a cursor that was removed is not kept any more', () => {
    const outbox = new Outbox({ entries: 1, bytes: 1e6 });
    const cursor = outbox.cursorAtEnd('0');
    outbox.remove(cursor);
    for (let i = 1; i <= 3; i++) outbox.push(changeEntry(i, 7n, i - 1, i));
    expect(cursor.complete).toBe(true);
  });

  it('a cursor that misses everything has no ordinary items left, and the newest of the versions', () => {
    const outbox = new Outbox();
    const cursor = outbox.cursorAtEnd('0');
    outbox.push(changeEntry(1, 7n, 8, 9));
    outbox.push(closeEntry(2, 'a'));
    cursor.markAllMissed([environment(7n, 5n), environment(8n, 3n)], '10');
    outbox.push(changeEntry(11, 8n, 3, 4));
    expect(cursor.position).toBe('10');
    expect(names(sendAll(cursor))).toEqual(['key-a close', '7: →9', '8: →3', '8: 3→4']);
  });
});

describe('an entry that leaves the ring while it is on its way', () => {
  /**
   * The ring drops the first two of three entries while a request with the first `sent` of them is
   * under way.
   */
  function overtaken() {
    const outbox = new Outbox({ entries: 3, bytes: 1e6 });
    const cursor = outbox.cursorAtEnd('0');
    for (let i = 1; i <= 3; i++) outbox.push(changeEntry(i, 7n, i - 1, i));
    const batch = nextBatch(cursor, 10_000)!;
    outbox.push(changeEntry(4, 7n, 3, 4));
    outbox.push(changeEntry(5, 7n, 4, 5));
    return { cursor, batch };
  }

  it('an entry that leaves the ring while it is on its way is not resynced when the proxy accepts it: that would set it back', () => {
    const { cursor, batch } = overtaken();
    batch.settle();
    expect(names(sendAll(cursor))).toEqual(['7: 3→4', '7: 4→5']);
  });

  it('an entry that leaves the ring while it is on its way is resynced when the proxy does not accept it', () => {
    const { cursor } = overtaken();
    expect(names(sendAll(cursor))).toEqual(['7: →2', '7: 2→3', '7: 3→4', '7: 4→5']);
  });

  it('an entry that leaves the ring while it is on its way is resynced also when it was accepted, if everything was missed in the meantime', () => {
    const outbox = new Outbox();
    const cursor = outbox.cursorAtEnd('0');
    outbox.push(changeEntry(1, 7n, 0, 1));
    const batch = nextBatch(cursor, 10_000)!;
    cursor.markAllMissed([environment(7n, 1n)], '9');
    batch.settle();
    expect(names(sendAll(cursor))).toEqual(['7: →1']);
  });

  it('an entry that leaves the ring while it is on its way does not settle a resync that was asked for again since', () => {
    const outbox = new Outbox();
    const cursor = outbox.cursorAtEnd('0');
    cursor.markAllMissed([environment(7n, 1n)], '8');
    const batch = nextBatch(cursor, 10_000)!;
    cursor.markAllMissed([environment(7n, 1n)], '9');
    batch.settle();
    expect(names(sendAll(cursor))).toEqual(['7: →1']);
  });

  it('an entry that leaves the ring while it is on its way does not settle a resync of which a newer one is needed since', () => {
    const outbox = new Outbox({ entries: 1, bytes: 1e6 });
    const cursor = outbox.cursorAtEnd('0');
    outbox.push(changeEntry(1, 7n, 0, 1));
    outbox.push(changeEntry(2, 7n, 1, 2));
    const batch = nextBatch(cursor, 10_000)!;
    expect(names(batch.items)).toEqual(['7: →1']);
    outbox.push(changeEntry(3, 7n, 2, 3));
    batch.settle();
    expect(names(sendAll(cursor))).toEqual(['7: →2', '7: 2→3']);
  });
});

describe('the ring', () => {
  it('the ring keeps at most that many entries', () => {
    const outbox = new Outbox({ entries: 3, bytes: 1e6 });
    for (let i = 1; i <= 10; i++) outbox.push(changeEntry(i, 7n, i - 1, i));
    expect(outbox.size).toBe(3);
  });

  it('the ring keeps nothing that every proxy has, once all proxies have their places', () => {
    const outbox = new Outbox();
    const [quick, slow] = [outbox.cursorAtEnd('0'), outbox.cursorAtEnd('0')];
    for (let i = 1; i <= 4; i++) outbox.push(changeEntry(i, 7n, i - 1, i));
    sendAll(quick);
    slow.accept(outbox.entry(0)!, 1);
    expect(outbox.size).toBe(4);
    outbox.close();
    expect(outbox.size).toBe(3);
    expect(names(sendAll(slow))).toEqual(['7: 1→2', '7: 2→3', '7: 3→4']);
    expect(outbox.size).toBe(0);
    outbox.push(changeEntry(5, 7n, 4, 5));
    expect([names(sendAll(quick)), names(sendAll(slow)), outbox.size]).toEqual([['7: 4→5'], ['7: 4→5'], 0]);
  });

  it('the ring keeps nothing for a proxy that is gone', () => {
    const outbox = new Outbox();
    const cursor = outbox.cursorAtEnd('0');
    outbox.close();
    outbox.push(changeEntry(1, 7n, 0, 1));
    outbox.remove(cursor);
    expect(outbox.size).toBe(0);
  });

  it('the ring keeps at most that many bytes, but always the newest entry', () => {
    const outbox = new Outbox({ entries: 100, bytes: 1_000 });
    for (let i = 1; i <= 5; i++) outbox.push(changeEntry(i, 7n, i - 1, i, { bytes: 400 }));
    expect(outbox.size).toBe(2);
    outbox.push(changeEntry(6, 7n, 5, 6, { bytes: 5_000 }));
    expect(outbox.size).toBe(1);
    outbox.push(changeEntry(7, 7n, 6, 7, { bytes: 400 }));
    expect(outbox.size).toBe(1);
  });
});

const environment = (id: bigint, version: bigint) =>
  ({ kind: 'environment', environment: id, version }) as const;
const clients = (shard: number, version: bigint) =>
  ({ kind: 'clients', environment: 7n, shard, position: clientPosition(version, 0) }) as const;

/*
 * The invariant, for any course of events. A proxy is a list of the items that it accepted; it is unknown which failed requests reached it.
 */
type Step =
  | { kind: 'change'; environment: number; pieces: number; bytes: number }
  | { kind: 'tell'; shard: number }
  | { kind: 'revoke' }
  | { kind: 'silent' }
  | { kind: 'begin'; proxy: number }
  | { kind: 'end'; proxy: number; how: 'accepted' | 'failed' | 'lost answer' | 'given up' }
  | { kind: 'gap'; proxy: number }
  | { kind: 'join' }
  | { kind: 'close' };

const proxyIndex = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      environment: fc.nat({ max: 2 }),
      pieces: fc.constantFrom(1, 1, 1, 3),
      bytes: fc.constantFrom(120, 200, 400, 900),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('tell' as const), shard: fc.nat({ max: 1 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('silent' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('begin' as const), proxy: proxyIndex }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      proxy: proxyIndex,
      how: fc.constantFrom('accepted', 'accepted', 'failed', 'lost answer', 'given up'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gap' as const), proxy: proxyIndex }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('join' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const) }) },
);

interface Proxy {
  readonly cursor: OutboxCursor;
  readonly told: Item[];
  /** Keys that were revoked since it is there. */
  readonly revoked: Set<string>;
  /** The version of each environment, and what each shard was told, when it came; by channel. */
  readonly start: ReadonlyMap<string, number>;
  flying: ReturnType<typeof nextBatch>;
}

class World {
  readonly limits: OutboxLimits = { entries: 6, bytes: 2_500 };
  readonly maxBody = 800;
  readonly maxItems = 4;
  readonly outbox = new Outbox(this.limits);
  readonly versions = new Map<string, number>();
  /** The last notification of each shard of environment 7. */
  readonly told = new Map<number, number>();
  readonly pushed: OutboxEntry[] = [];
  readonly proxies: Proxy[] = [];

  run(step: Step): void {
    const proxy = 'proxy' in step ? this.proxies[step.proxy % Math.max(1, this.proxies.length)] : undefined;
    if (step.kind === 'change') this.change(step);
    else if (step.kind === 'tell') this.tell(step);
    else if (step.kind === 'revoke') this.revoke();
    else if (step.kind === 'silent') this.push(silentEntry(this.pushed.length + 1));
    else if (step.kind === 'join') this.join();
    else if (step.kind === 'close') this.outbox.close();
    else if (proxy !== undefined) {
      if (step.kind === 'begin') this.begin(proxy);
      else if (step.kind === 'end') this.end(proxy, step.how);
      else this.gap(proxy);
    }
  }

  change({ environment, pieces, bytes }: Extract<Step, { kind: 'change' }>): void {
    const previous = this.versions.get(`${environment}`) ?? 0;
    const version = previous + 10 * pieces;
    this.versions.set(`${environment}`, version);
    this.push(changeEntry(this.pushed.length + 1, BigInt(environment), previous, version, { pieces, bytes }));
  }

  tell({ shard }: Extract<Step, { kind: 'tell' }>): void {
    const previous = this.told.get(shard) ?? 0;
    const version = previous + 1;
    this.told.set(shard, version);
    this.push(tellEntry(this.pushed.length + 1, clients(shard, BigInt(version)), previous));
  }

  revoke(): void {
    const id = `k${this.pushed.length}`;
    for (const proxy of this.proxies) proxy.revoked.add(id);
    this.push(closeEntry(this.pushed.length + 1, id));
  }

  push(entry: OutboxEntry): void {
    this.pushed.push(entry);
    this.outbox.push(entry);
    if (this.outbox.size > 1) {
      expect(this.outbox.size).toBeLessThanOrEqual(this.limits.entries);
      const kept = this.pushed.slice(-this.outbox.size).reduce((sum, { bytes }) => sum + bytes, 0);
      expect(kept).toBeLessThanOrEqual(this.limits.bytes);
    }
  }

  join(): void {
    if (this.proxies.length === 3) return;
    const cursor = this.outbox.cursorAtEnd(`${this.pushed.length}`);
    const start = this.stand();
    this.proxies.push({ cursor, told: [], revoked: new Set(), start, flying: undefined });
  }

  begin(proxy: Proxy): void {
    if (proxy.flying !== undefined) return;
    const batch = nextBatch(proxy.cursor, this.maxBody, this.maxItems);
    if (batch === undefined) return;
    const body = `{"items":[${batch.items.map(({ json }) => json).join(',')}]}`;
    expect(body.length).toBeLessThanOrEqual(this.maxBody);
    expect(batch.items.length).toBeLessThanOrEqual(this.maxItems);
    proxy.flying = batch;
  }

  end(proxy: Proxy, how: Extract<Step, { kind: 'end' }>['how']): void {
    const batch = proxy.flying;
    if (batch === undefined) return;
    proxy.flying = undefined;
    if (how === 'accepted' || how === 'lost answer') proxy.told.push(...batch.items);
    if (how === 'accepted') batch.settle();
    // As the worker does: only a single ordinary item is ever given up.
    if (how === 'given up' && batch.items.length === 1 && batch.kind === 'entries') batch.drop();
  }

  gap({ cursor }: Proxy): void {
    const environments = [...this.versions].map(([id, version]) => environment(BigInt(id), BigInt(version)));
    const shards = [...this.told].map(([shard, version]) => clients(shard, BigInt(version)));
    cursor.markAllMissed([...environments, ...shards], `${this.pushed.length}`);
  }

  /** The proxy accepts everything from now on. */
  finish(proxy: Proxy): void {
    this.end(proxy, 'accepted');
    for (let round = 0; ; round++) {
      this.begin(proxy);
      if (proxy.flying === undefined) break;
      expect(round).toBeLessThan(200);
      this.end(proxy, 'accepted');
    }
    expect(whereIs(proxy.cursor)).toEqual({
      waiting: 0,
      complete: true,
      position: `${this.pushed.length}`,
    });
  }

  /** Where a hold of each channel stands that has everything. */
  stand(): Map<string, number> {
    return new Map([
      ...[...this.versions].map(([id, version]) => [`environment-${id}`, version] as const),
      ...[...this.told].map(([shard, version]) => [`clients-7-${shard}`, version] as const),
    ]);
  }

  /**
   * A hold as the proxy sees it: an item that follows moves it, a resync item moves it (by the
   * link), anything else is a fault.
   */
  check({ told, start, revoked }: Proxy): void {
    const at = new Map(start);
    const closed = new Set<string>();
    const seen = new Set<string>();
    for (const item of told) {
      const { channel, id, 'prev-id': previous } = readItem(item);
      if (id === undefined) {
        closed.add(channel.slice('key-'.length));
        continue;
      }
      const now = at.get(channel) ?? 0;
      // The proxy drops repeats of a channel and id.
      if (seen.has(`${channel} ${id}`)) continue;
      seen.add(`${channel} ${id}`);
      if (previous === undefined) expect(Number(id)).toBeGreaterThanOrEqual(now);
      else expect(Number(previous)).toBe(now);
      at.set(channel, Number(id));
    }
    expect(at).toEqual(this.stand());
    for (const key of revoked) expect(closed).toContain(key);
  }
}

describe('whatever happens', () => {
  it('each proxy gets all items in order, or a resync of what it missed and everything after it', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }), (steps) => {
        const world = new World();
        world.join();
        for (const each of steps) world.run(each);
        for (const proxy of world.proxies) {
          world.finish(proxy);
          world.check(proxy);
        }
      }),
      { numRuns: 500 },
    );
  });
});
