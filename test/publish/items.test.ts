import { describe, expect, it } from 'vitest';
import { decodeConfigs, encodeConfig, encodeEnvelope } from '../../src/ruleset/codec.js';
import { EVENT_TARGET_BYTES } from '../../src/ruleset/event.js';
import type { Change } from '../../src/ruleset/ruleset.js';
import { changeItems, closeItem, resyncItem } from '../../src/publish/outbox/items.js';
import { flag, sized } from '../ruleset/arbitrary.js';
import { readItem } from './arbitrary.js';

const envelope = encodeEnvelope({ id: 7n, projectId: 3n });

function change(version: bigint, ...sizes: number[]): Change {
  const configs = sizes.map((size, i) => {
    const id = `${version - BigInt(sizes.length - 1 - i)}`;
    return encodeConfig({ ...(size === 0 ? flag(`k${i}`) : sized(`k${i}`, size)), id });
  });
  const step = { previous: 5n, version, clientPrevious: 5n, clientVersion: version };
  return { environment: 7n, ...step, at: 0n, envelope, configs };
}

describe('the items of a change', () => {
  it('the items of a change are one, with the versions around it and the event as content', () => {
    const [item, ...others] = changeItems(change(17_018_962_363_976_479n, 0));
    expect(others).toEqual([]);
    const { channel, id, 'prev-id': previous, formats } = readItem(item!);
    expect({ channel, id, previous }).toEqual({
      channel: 'environment-7',
      id: '17018962363976479',
      previous: '5',
    });
    const [, data, last] = /^data: (.*)\nid: (\d+)\n\n$/.exec(formats['http-stream'].content!)!;
    expect(last).toBe('17018962363976479');
    const message = decodeConfigs(Buffer.from(data!, 'base64'));
    expect(message.configs?.map(({ key }) => key)).toEqual(['k0']);
    expect(message.configServicePointer?.projectEnvId).toBe('7');
  });

  it('the items of a change are a chain when it is too large for one event', () => {
    const items = changeItems(change(10n, 20_000, 20_000, 20_000, 20_000)).map(readItem);
    expect(items.length).toBeGreaterThan(1);
    expect(items[0]!['prev-id']).toBe('5');
    for (const [i, item] of items.entries()) {
      if (i > 0) expect(item['prev-id']).toBe(items[i - 1]!.id);
      const { content } = item.formats['http-stream'];
      expect(Buffer.byteLength(content!)).toBeLessThanOrEqual(EVENT_TARGET_BYTES);
      expect(content).toContain(`\nid: ${item.id}\n\n`);
    }
    expect(items.at(-1)!.id).toBe('10');
  });

  it('the items of a change are one without configs when only the default context changed', () => {
    expect(changeItems(change(9n)).map(readItem)).toMatchObject([{ id: '9', 'prev-id': '5' }]);
  });

  it('the items of a change know their size in UTF-8', () => {
    for (const item of [...changeItems(change(9n, 0)), resyncItem('environment-7', '9'), closeItem('k')]) {
      expect(item.bytes).toBe(Buffer.byteLength(item.json));
    }
  });
});

describe('a resync item', () => {
  it('a resync item has an id, no prev-id and no content, so that every hold fetches what it lacks', () => {
    expect(readItem(resyncItem('environment-7', '9'))).toEqual({
      channel: 'environment-7',
      id: '9',
      formats: { 'http-stream': { content: '' } },
    });
  });
});

describe('a close item', () => {
  it('a close item has the holds’ prev-id and no id, so that it acts immediately and is never a repeat', () => {
    expect(readItem(closeItem('ab-12'))).toEqual({
      channel: 'key-ab-12',
      'prev-id': '0',
      formats: { 'http-stream': { action: 'close' } },
    });
  });
});
