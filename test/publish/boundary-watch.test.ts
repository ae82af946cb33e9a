import { beforeEach, describe, expect, it } from 'vitest';
import { BoundaryWatch } from '../../src/publish/boundary-watch.js';
import type { ClientMove } from '../../src/publish/refetch-schedule.js';
import { positionText } from '../../src/ruleset/client-position.js';
import { encodeConfig } from '../../src/ruleset/codec.js';
import type { Config } from '../../src/ruleset/model.js';
import type { Change } from '../../src/ruleset/ruleset.js';
import type { StoredRuleset } from '../../src/store/store.js';
import { flag, sized } from '../ruleset/arbitrary.js';
import { scheduled } from '../support/configs.js';

const SINCE = 1_000;

let watch: BoundaryWatch;

beforeEach(() => {
  watch = new BoundaryWatch(SINCE);
});

function stored(version: bigint, configs: Config[], clientVersion = version): StoredRuleset {
  const settings = { id: 7n, projectId: 3n, name: '', live: configs.length, at: version };
  return { ...settings, version, clientVersion, configs: configs.map((each) => encoded(version, each)) };
}

function changed(previous: bigint, version: bigint, configs: Config[], environment = 7n): Change {
  const step = { previous, version, clientPrevious: previous, clientVersion: version };
  const content = { envelope: new Uint8Array(), configs: configs.map((each) => encoded(version, each)) };
  return { environment, ...step, at: version, ...content };
}

const encoded = (id: bigint, config: Config) => encodeConfig({ ...config, id: `${id}` });

/** Loads environment 7 as the only one. */
function load(version: bigint, ...configs: Config[]): void {
  watch.list([7n]);
  watch.read(7n);
  watch.load(7n, stored(version, configs));
}

const text = ({ previous, position }: ClientMove) => `${positionText(previous)} → ${positionText(position)}`;

describe('a boundary', () => {
  it('a boundary moves the clients of its environment when it passes, once', () => {
    load(5n, scheduled('a', 2_000), scheduled('b', 3_000), flag('c'));
    expect([watch.next, watch.due(1_999).map(text)]).toEqual([2_000, []]);
    expect(watch.due(2_000)).toMatchObject([{ environment: 7n, at: 2_000_000n }]);
    expect([watch.next, watch.due(2_999)]).toEqual([3_000, []]);
    expect(watch.due(3_000).map(text)).toEqual(['5-2000 → 5-3000']);
    expect([watch.next, watch.due(9_999)]).toEqual([undefined, []]);
  });

  it('a boundary that passed together with others is one move, to the last of them', () => {
    load(5n, scheduled('a', 2_000), scheduled('b', 3_000));
    expect(watch.due(5_000).map(text)).toEqual(['5 → 5-3000']);
  });

  it('a boundary that passed before the time up to which clients were notified moves no client', () => {
    load(5n, scheduled('a', SINCE));
    expect([watch.next, watch.due(5_000)]).toEqual([undefined, []]);
    expect(watch.positionOf(stored(5n, []))).toBe((5n << 53n) + BigInt(SINCE));
  });

  it('a boundary that passed while there was no leader moves clients when the next one has loaded', () => {
    load(5n, scheduled('old', 900), scheduled('missed', SINCE + 1));
    expect(watch.next).toBe(SINCE + 1);
    expect(watch.due(99_000).map(text)).toEqual(['5-900 → 5-1001']);
  });

  it('a boundary is not returned again when the clock is set back', () => {
    load(5n, scheduled('a', 2_000));
    watch.due(2_000);
    expect([watch.due(1_500), watch.time, watch.due(2_500)]).toEqual([[], 2_000, []]);
  });
});

describe('a change', () => {
  it('a change moves clients from the newest boundary to that of the new ruleset', () => {
    load(5n, scheduled('a', 2_000));
    watch.due(2_000);
    expect(text(watch.change(changed(5n, 6n, [flag('b')]), 2_500))).toBe('5-2000 → 6-2000');
    expect(text(watch.change(changed(6n, 7n, [scheduled('a', 9_000)]), 2_600))).toBe('6-2000 → 7');
    expect(watch.due(9_000).map(text)).toEqual(['7 → 7-9000']);
  });

  it('a change that brings a boundary which has passed moves clients there', () => {
    load(5n, flag('a'));
    expect(text(watch.change(changed(5n, 6n, [scheduled('a', 2_000)]), 2_500))).toBe('5 → 6-2000');
    expect(watch.due(2_500)).toEqual([]);
  });

  it('just before its boundary moves clients twice, in order', () => {
    load(5n, flag('a'));
    expect(text(watch.change(changed(5n, 6n, [scheduled('a', 2_000)]), 1_999))).toBe('5 → 6');
    expect(watch.due(2_000).map(text)).toEqual(['6 → 6-2000']);
  });

  it('a change that clients do not see keeps their position', () => {
    load(5n, scheduled('a', 2_000));
    watch.due(2_000);
    const unseen = { ...changed(5n, 6n, [sized('b', 1)]), clientPrevious: 5n, clientVersion: 5n };
    expect(text(watch.change(unseen, 2_500))).toBe('5-2000 → 5-2000');
  });

  it('a change of an environment that was created after the list needs no reading', () => {
    watch.list([]);
    watch.change(changed(0n, 1n, [scheduled('a', 2_000)], 8n), 1_500);
    expect(watch.due(2_000).map(text)).toEqual(['1 → 1-2000']);
  });
});

describe('loading', () => {
  it('takes changes that come during the read once, whether or not the read saw them', () => {
    watch.list([7n]);
    watch.read(7n);
    watch.change(changed(4n, 5n, [scheduled('a', 2_000)]), 1_000);
    watch.change(changed(5n, 6n, [scheduled('a', 3_000)]), 1_000);
    watch.load(7n, stored(5n, [scheduled('a', 2_000)]));
    expect([watch.isLoaded, watch.next, watch.due(3_000).map(text)]).toEqual([true, 3_000, ['6 → 6-3000']]);
  });

  it('reads an environment that changed before the list was known', () => {
    watch.change(changed(0n, 1n, [scheduled('a', 2_000)], 8n), 1_000);
    watch.list([7n]);
    expect(watch.unloaded).toEqual([7n, 8n]);
  });

  it('holds the time until every environment is loaded, so that a successor misses no boundary', () => {
    watch.list([7n, 8n]);
    watch.read(7n);
    watch.load(7n, stored(5n, [scheduled('a', 2_000)]));
    expect([watch.due(2_000).map(text), watch.time]).toEqual([['5 → 5-2000'], SINCE]);
    watch.read(8n);
    watch.load(8n, undefined);
    watch.due(2_500);
    expect(watch.time).toBe(2_500);
  });

  it('begins again after a gap, without notifying twice', () => {
    load(5n, scheduled('a', 2_000), scheduled('b', 3_000));
    watch.due(2_000);
    watch.reset();
    expect([watch.unloaded, watch.next]).toEqual([undefined, undefined]);
    load(5n, scheduled('a', 2_000), scheduled('b', 3_000));
    expect(watch.due(3_000).map(text)).toEqual(['5-2000 → 5-3000']);
  });

  it('ignores a read that began before a gap', () => {
    watch.list([7n]);
    watch.read(7n);
    watch.reset();
    watch.load(7n, stored(5n, [scheduled('a', 2_000)]));
    expect(watch.next).toBeUndefined();
  });
});
