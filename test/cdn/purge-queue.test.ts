import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_KEYS, PurgeQueue, REPEAT_MS } from '../../src/cdn/purge-queue.js';
import type { FeedEntry } from '../../src/store/store.js';

const DELAY = 500;
const NOW = 1_800_000_000_000;

/** A change that was committed 10 ms before it comes. */
function change(position: number, environment: bigint, visible = true, at = NOW): FeedEntry {
  const version = BigInt(position);
  return {
    kind: 'change',
    position: `${position}`,
    change: {
      environment,
      previous: version - 1n,
      version,
      clientPrevious: 0n,
      clientVersion: visible ? version : 0n,
      at: BigInt(at - 10) * 1000n,
      envelope: new Uint8Array(),
      configs: [],
    },
  };
}

function keyEntry(position: number, revokedAt?: number): FeedEntry {
  const key = { id: 'k', environment: 7n, kind: 'server', name: 'k', hash: '', createdAt: 1 } as const;
  return { kind: 'key', position: `${position}`, key: { ...key, revokedAt } };
}

function queueWith(...entries: FeedEntry[]): PurgeQueue {
  const queue = new PurgeQueue('0', DELAY);
  for (const entry of entries) queue.take(entry, NOW);
  return queue;
}

describe('what is purged', () => {
  it('what is purged after a change that clients see: rulesets and values of its environment', () => {
    expect(queueWith(change(1, 7n)).next(NOW + DELAY)?.keys).toEqual(['environment-7', 'values-7']);
  });

  it('what is purged after a change that clients do not see: rulesets alone', () => {
    expect(queueWith(change(1, 7n, false)).next(NOW + DELAY)?.keys).toEqual(['environment-7']);
  });

  it('what is purged after a key is revoked: the copies of its environment; not when one is made', () => {
    expect(queueWith(keyEntry(1, NOW)).next(NOW + DELAY)?.keys).toEqual(['environment-7', 'values-7']);
    expect(queueWith(keyEntry(1)).due()).toBeUndefined();
  });

  it('what is purged after a gap in the feed: everything', () => {
    const queue = queueWith();
    queue.takeAll([1n, 2n], '9', NOW);
    expect(queue.next(NOW + DELAY)?.keys).toEqual(['environment-1', 'values-1', 'environment-2', 'values-2']);
  });

  it('what is purged is a key once, however often its environment changes, and at most 256 in a request', () => {
    const queue = queueWith(...Array.from({ length: 400 }, (_, i) => change(i + 1, BigInt(1 + (i % 200)))));
    expect(queue.size).toBe(400);
    const first = queue.next(NOW + DELAY)!;
    expect(first.keys).toHaveLength(MAX_KEYS);
    first.settle(NOW + DELAY, NOW + DELAY);
    const second = queue.next(NOW + DELAY)!;
    expect(second.keys).toHaveLength(400 - MAX_KEYS);
    expect(new Set([...first.keys, ...second.keys]).size).toBe(400);
  });
});

describe('when it is purged', () => {
  it('when it is purged, not before nodes had the time to follow', () => {
    const queue = queueWith(change(1, 7n));
    expect(queue.due()).toBe(NOW + DELAY);
    expect(queue.next(NOW + DELAY - 1)).toBeUndefined();
  });

  it('when it is purged, and once more, for a node that was slow', () => {
    const queue = queueWith(change(1, 7n, false));
    expect(queue.next(NOW + DELAY)?.settle(NOW + DELAY, NOW + DELAY + 20)).toEqual([DELAY + 30]);
    expect(queue.due()).toBe(NOW + DELAY + 20 + REPEAT_MS);
    expect(queue.next(NOW + DELAY + REPEAT_MS)).toBeUndefined();
    const again = queue.next(NOW + DELAY + 20 + REPEAT_MS)!;
    expect(again.keys).toEqual(['environment-7']);
    expect(again.settle(0, 0)).toEqual([]);
    expect(queue.due()).toBeUndefined();
  });

  it('again for a change that came too shortly before', () => {
    const queue = queueWith(change(1, 7n, false));
    queue.take(change(2, 7n, false, NOW + 100), NOW + 100);
    queue.next(NOW + DELAY)?.settle(NOW + DELAY, NOW + DELAY);
    expect(queue.size).toBe(1);
    expect(queue.due()).toBe(NOW + 100 + DELAY);
  });

  it('again for a change that comes while the request is under way', () => {
    const queue = queueWith(change(1, 7n, false));
    const batch = queue.next(NOW + DELAY)!;
    queue.take(change(2, 7n, false, NOW + DELAY + 5), NOW + DELAY + 5);
    batch.settle(NOW + DELAY, NOW + DELAY + 10);
    expect(queue.due()).toBe(NOW + DELAY + 5 + DELAY);
  });
});

describe('the cursor', () => {
  it('the cursor is the place before the oldest change that is not purged', () => {
    const queue = queueWith(change(1, 7n, false), change(2, 8n, false), change(3, 9n, false));
    expect(queue.cursor).toBe('0');
    queue.next(NOW + DELAY)?.settle(NOW + DELAY, NOW + DELAY);
    expect(queue.cursor).toBe('3');
  });

  it('the cursor never passes an entry whose key was not purged the delay after it or later', () => {
    const step = fc.oneof(
      fc.record({ environment: fc.bigInt(1n, 4n), visible: fc.boolean(), wait: fc.nat(700) }),
      fc.constant('purge' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new PurgeQueue('0', DELAY);
        const taken: { position: number; keys: string[]; at: number }[] = [];
        const purged = new Map<string, number>();
        let now = NOW;
        for (const each of steps) {
          if (each === 'purge') {
            now = Math.max(now, queue.due() ?? now);
            const batch = queue.next(now);
            for (const key of batch?.keys ?? []) purged.set(key, now);
            batch?.settle(now, now);
          } else {
            now += each.wait;
            const position = taken.length + 1;
            const { environment, visible } = each;
            queue.take(change(position, environment, visible, now), now);
            const keys = [`environment-${environment}`, ...(visible ? [`values-${environment}`] : [])];
            taken.push({ position, keys, at: now });
          }
          for (const { position, keys, at } of taken) {
            if (position > Number(queue.cursor)) continue;
            for (const key of keys) expect(purged.get(key)).toBeGreaterThanOrEqual(at + DELAY);
          }
        }
      }),
    );
  });
});
