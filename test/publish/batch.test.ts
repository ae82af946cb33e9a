import { describe, expect, it } from 'vitest';
import { Outbox, type OutboxEntry, type OutboxCursor } from '../../src/publish/outbox.js';
import { BATCH_MAX_ITEMS, nextBatch } from '../../src/publish/batch.js';
import { changeEntry, closeEntry, nameOf, silentEntry } from './arbitrary.js';

function placeBefore(...entries: OutboxEntry[]): OutboxCursor {
  const backlog = new Outbox();
  const place = backlog.cursorAtEnd('0');
  for (const entry of entries) backlog.push(entry);
  return place;
}

/** What one batch after the other has, until nothing is left. */
function batches(place: OutboxCursor, maxBody: number, maxItems?: number): string[][] {
  const all: string[][] = [];
  for (let round = 0; round < 100; round++) {
    const batch = nextBatch(place, maxBody, maxItems);
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
  it('has at most 400 items', () => {
    expect(batches(placeBefore(...ones(BATCH_MAX_ITEMS + 1)), 1e6).map(({ length }) => length)).toEqual([
      400, 1,
    ]);
  });

  it('fills the body to the byte and not beyond', () => {
    const entries = [changeEntry(1, 7n, 0, 1, { bytes: 200 }), changeEntry(2, 7n, 1, 2, { bytes: 300 })];
    const exact = bodyOf(entries.flatMap(({ items }) => items)).length;
    expect(batches(placeBefore(...entries), exact)).toEqual([['7: 0→1', '7: 1→2']]);
    expect(batches(placeBefore(...entries), exact - 1)).toEqual([['7: 0→1'], ['7: 1→2']]);
  });

  it('takes a single item that fills the body to the byte', () => {
    const entry = changeEntry(1, 7n, 0, 1, { bytes: 500 });
    expect(batches(placeBefore(entry), bodyOf(entry.items).length)).toEqual([['7: 0→1']]);
  });

  it('ends in the middle of a chain when the next piece does not fit, and the next one goes on there', () => {
    const entries = [
      changeEntry(1, 7n, 0, 1),
      changeEntry(2, 7n, 1, 7, { pieces: 3 }),
      changeEntry(3, 8n, 0, 1),
    ];
    expect(batches(placeBefore(...entries), 1e6, 2)).toEqual([
      ['7: 0→1', '7: 1→3'],
      ['7: 3→5', '7: 5→7'],
      ['8: 0→1'],
    ]);
  });

  it('moves the position only past entries that are complete', () => {
    const place = placeBefore(changeEntry(1, 7n, 0, 1), changeEntry(2, 7n, 1, 7, { pieces: 3 }));
    nextBatch(place, 1e6, 2)!.settle();
    expect(whereIs(place)).toEqual({ position: '1', waiting: 1 });
    nextBatch(place, 1e6, 2)!.settle();
    expect(whereIs(place)).toEqual({ position: '2', waiting: 0 });
  });

  it('names the entries that are complete with it', () => {
    const place = placeBefore(changeEntry(1, 7n, 0, 1), changeEntry(2, 7n, 1, 7, { pieces: 3 }));
    expect(nextBatch(place, 1e6, 2)!.entries.map(({ position }) => position)).toEqual(['1']);
  });

  it('passes over entries without items, and is empty when there are only such', () => {
    const place = placeBefore(silentEntry(1), changeEntry(2, 7n, 0, 1), silentEntry(3), silentEntry(4));
    expect(batches(place, 1e6)).toEqual([['7: 0→1']]);
    expect(place.position).toBe('4');
    const silent = placeBefore(silentEntry(1), silentEntry(2));
    expect(batches(silent, 1e6)).toEqual([[]]);
    expect(silent.position).toBe('2');
  });

  it('is the same again until it is settled', () => {
    const place = placeBefore(...ones(3));
    expect(nextBatch(place, 1e6)!.items).toEqual(nextBatch(place, 1e6)!.items);
  });
});

describe('an entry with an item that is larger than any body', () => {
  const large = changeEntry(2, 7n, 1, 2, { bytes: 500 });

  it('becomes a resync item, between the entries around it', () => {
    const place = placeBefore(changeEntry(1, 7n, 0, 1), large, changeEntry(3, 7n, 2, 3));
    expect(batches(place, 400)).toEqual([['7: 0→1'], ['7: →2'], ['7: 2→3']]);
  });

  it('becomes one by a single byte', () => {
    const limit = bodyOf(large.items).length - 1;
    expect(batches(placeBefore(large), limit)).toEqual([['7: →2']]);
  });

  it('is recognised also after entries without items', () => {
    expect(batches(placeBefore(silentEntry(1), large), 400)).toEqual([[], ['7: →2']]);
  });

  it('is not begun when only a later piece of it is too large', () => {
    const chain = { ...changeEntry(1, 7n, 0, 1), items: [...changeEntry(1, 7n, 0, 1).items, ...large.items] };
    expect(batches(placeBefore(silentEntry(0), chain), 400)).toEqual([[], ['7: →1']]);
  });
});

describe('what was missed', () => {
  function placeThatMissed(...entries: OutboxEntry[]): OutboxCursor {
    const place = placeBefore();
    for (const entry of entries) place.markMissed(entry);
    return place;
  }

  it('goes first: closed keys, then environments, in as many batches as it needs', () => {
    const place = placeThatMissed(
      changeEntry(1, 7n, 0, 1),
      changeEntry(2, 8n, 0, 3),
      closeEntry(3, 'a'),
      changeEntry(4, 7n, 1, 2),
    );
    expect(batches(place, 1e6, 2)).toEqual([['key-a close', '7: →2'], ['8: →3']]);
  });

  it('stays missed until it is settled', () => {
    const place = placeThatMissed(changeEntry(1, 7n, 0, 1), closeEntry(2, 'a'));
    const batch = nextBatch(place, 1e6)!;
    expect(place.complete).toBe(false);
    batch.settle();
    expect(place.complete).toBe(true);
  });

  it('is given up when the proxy refuses even the resync item', () => {
    const place = placeThatMissed(changeEntry(1, 7n, 0, 1));
    nextBatch(place, 1e6, 1)!.drop();
    expect(place.complete).toBe(true);
  });
});

describe('giving up a single item', () => {
  it('makes a resync of its own entry, whatever lies around it', () => {
    const place = placeBefore(
      silentEntry(1),
      changeEntry(2, 7n, 0, 1),
      silentEntry(3),
      changeEntry(4, 8n, 0, 1),
    );
    nextBatch(place, 1e6, 1)!.drop();
    expect(batches(place, 1e6)).toEqual([['7: →1'], ['8: 0→1']]);
  });

  it('leaves the innocent alone when the entry has left the ring meanwhile', () => {
    const backlog = new Outbox({ entries: 1, bytes: 1e6 });
    const place = backlog.cursorAtEnd('0');
    backlog.push(changeEntry(1, 7n, 0, 1));
    const batch = nextBatch(place, 1e6, 1)!;
    backlog.push(changeEntry(2, 8n, 0, 1));
    batch.drop();
    expect(batches(place, 1e6)).toEqual([['7: →1'], ['8: 0→1']]);
  });
});
