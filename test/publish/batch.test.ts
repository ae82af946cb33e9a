import { describe, expect, it } from 'vitest';
import type { OutboxEntry } from '../../src/publish/outbox/entry.js';
import { Outbox, type OutboxCursor } from '../../src/publish/outbox/outbox.js';
import { BATCH_MAX_ITEMS, nextBatch } from '../../src/publish/outbox/batch.js';
import { changeEntry, closeEntry, nameOf, silentEntry } from './arbitrary.js';

function cursorBefore(...entries: OutboxEntry[]): OutboxCursor {
  const outbox = new Outbox();
  const cursor = outbox.cursorAtEnd('0');
  for (const entry of entries) outbox.push(entry);
  return cursor;
}

/** The items of one batch after the other, until nothing is left. */
function batches(cursor: OutboxCursor, maxBody: number, maxItems?: number): string[][] {
  const all: string[][] = [];
  for (let round = 0; round < 100; round++) {
    const batch = nextBatch(cursor, maxBody, maxItems);
    if (batch === undefined) return all;
    all.push(batch.items.map(nameOf));
    batch.settle();
  }
  throw new Error('it never ends');
}

const whereIs = ({ position, waiting }: OutboxCursor) => ({ position, waiting });
const bodyOf = (items: readonly { json: string }[]) =>
  `{"items":[${items.map(({ json }) => json).join(',')}]}`;
const ones = (count: number) => Array.from({ length: count }, (_, i) => changeEntry(i + 1, 7n, i, i + 1));

describe('a batch', () => {
  it('a batch has at most 400 items', () => {
    expect(batches(cursorBefore(...ones(BATCH_MAX_ITEMS + 1)), 1e6).map(({ length }) => length)).toEqual([
      400, 1,
    ]);
  });

  it('a batch fills the body to the byte and not beyond', () => {
    const entries = [changeEntry(1, 7n, 0, 1, { bytes: 200 }), changeEntry(2, 7n, 1, 2, { bytes: 300 })];
    const exact = bodyOf(entries.flatMap(({ items }) => items)).length;
    expect(batches(cursorBefore(...entries), exact)).toEqual([['7: 0→1', '7: 1→2']]);
    expect(batches(cursorBefore(...entries), exact - 1)).toEqual([['7: 0→1'], ['7: 1→2']]);
  });

  it('a batch takes a single item that fills the body to the byte', () => {
    const entry = changeEntry(1, 7n, 0, 1, { bytes: 500 });
    expect(batches(cursorBefore(entry), bodyOf(entry.items).length)).toEqual([['7: 0→1']]);
  });

  it('a batch ends in the middle of a chain when the next piece does not fit, and the next one goes on there', () => {
    const entries = [
      changeEntry(1, 7n, 0, 1),
      changeEntry(2, 7n, 1, 7, { pieces: 3 }),
      changeEntry(3, 8n, 0, 1),
    ];
    expect(batches(cursorBefore(...entries), 1e6, 2)).toEqual([
      ['7: 0→1', '7: 1→3'],
      ['7: 3→5', '7: 5→7'],
      ['8: 0→1'],
    ]);
  });

  it('a batch moves the position only past entries that are complete', () => {
    const cursor = cursorBefore(changeEntry(1, 7n, 0, 1), changeEntry(2, 7n, 1, 7, { pieces: 3 }));
    nextBatch(cursor, 1e6, 2)!.settle();
    expect(whereIs(cursor)).toEqual({ position: '1', waiting: 1 });
    nextBatch(cursor, 1e6, 2)!.settle();
    expect(whereIs(cursor)).toEqual({ position: '2', waiting: 0 });
  });

  it('names the entries that are complete with it', () => {
    const cursor = cursorBefore(changeEntry(1, 7n, 0, 1), changeEntry(2, 7n, 1, 7, { pieces: 3 }));
    expect(nextBatch(cursor, 1e6, 2)!.entries.map(({ position }) => position)).toEqual(['1']);
  });

  it('a batch passes over entries without items, and is empty when there are only such', () => {
    const cursor = cursorBefore(silentEntry(1), changeEntry(2, 7n, 0, 1), silentEntry(3), silentEntry(4));
    expect(batches(cursor, 1e6)).toEqual([['7: 0→1']]);
    expect(cursor.position).toBe('4');
    const silent = cursorBefore(silentEntry(1), silentEntry(2));
    expect(batches(silent, 1e6)).toEqual([[]]);
    expect(silent.position).toBe('2');
  });

  it('a batch is the same again until it is settled', () => {
    const cursor = cursorBefore(...ones(3));
    expect(nextBatch(cursor, 1e6)!.items).toEqual(nextBatch(cursor, 1e6)!.items);
  });
});

describe('an entry with an item that is larger than any body', () => {
  const large = changeEntry(2, 7n, 1, 2, { bytes: 500 });

  it('an entry with an item that is larger than any body becomes a resync item, between the entries around it', () => {
    const cursor = cursorBefore(changeEntry(1, 7n, 0, 1), large, changeEntry(3, 7n, 2, 3));
    expect(batches(cursor, 400)).toEqual([['7: 0→1'], ['7: →2'], ['7: 2→3']]);
  });

  it('an entry with an item that is larger than any body becomes one by a single byte', () => {
    const limit = bodyOf(large.items).length - 1;
    expect(batches(cursorBefore(large), limit)).toEqual([['7: →2']]);
  });

  it('an entry with an item that is larger than any body is recognised also after entries without items', () => {
    expect(batches(cursorBefore(silentEntry(1), large), 400)).toEqual([[], ['7: →2']]);
  });

  it('an entry with an item that is larger than any body is not begun when only a later piece of it is too large', () => {
    const chain = { ...changeEntry(1, 7n, 0, 1), items: [...changeEntry(1, 7n, 0, 1).items, ...large.items] };
    expect(batches(cursorBefore(silentEntry(0), chain), 400)).toEqual([[], ['7: →1']]);
  });
});

describe('what was missed', () => {
  function cursorThatMissed(...entries: OutboxEntry[]): OutboxCursor {
    const cursor = cursorBefore();
    for (const entry of entries) cursor.missed.mark(entry.target);
    return cursor;
  }

  it('what was missed goes first: closed keys, then environments, in as many batches as it needs', () => {
    const cursor = cursorThatMissed(
      changeEntry(1, 7n, 0, 1),
      changeEntry(2, 8n, 0, 3),
      closeEntry(3, 'a'),
      changeEntry(4, 7n, 1, 2),
    );
    expect(batches(cursor, 1e6, 2)).toEqual([['key-a close', '7: →2'], ['8: →3']]);
  });

  it('what was missed stays missed until it is settled', () => {
    const cursor = cursorThatMissed(changeEntry(1, 7n, 0, 1), closeEntry(2, 'a'));
    const batch = nextBatch(cursor, 1e6)!;
    expect(cursor.complete).toBe(false);
    batch.settle();
    expect(cursor.complete).toBe(true);
  });

  it('what was missed is given up when the proxy refuses even the resync item', () => {
    const cursor = cursorThatMissed(changeEntry(1, 7n, 0, 1));
    nextBatch(cursor, 1e6, 1)!.drop();
    expect(cursor.complete).toBe(true);
  });
});

describe('giving up a single item', () => {
  it('makes a resync of its own entry, whatever lies around it', () => {
    const cursor = cursorBefore(
      silentEntry(1),
      changeEntry(2, 7n, 0, 1),
      silentEntry(3),
      changeEntry(4, 8n, 0, 1),
    );
    nextBatch(cursor, 1e6, 1)!.drop();
    expect(batches(cursor, 1e6)).toEqual([['7: →1'], ['8: 0→1']]);
  });

  it('leaves the innocent alone when the entry has left the ring in the meantime', () => {
    const outbox = new Outbox({ entries: 1, bytes: 1e6 });
    const cursor = outbox.cursorAtEnd('0');
    outbox.push(changeEntry(1, 7n, 0, 1));
    const batch = nextBatch(cursor, 1e6, 1)!;
    outbox.push(changeEntry(2, 8n, 0, 1));
    batch.drop();
    expect(batches(cursor, 1e6)).toEqual([['7: →1'], ['8: 0→1']]);
  });
});
