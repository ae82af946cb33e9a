/** One watch for all direct holds of a stream. */
import { describe, expect, it } from 'vitest';
import type { RulesetListener } from '../../src/replica/listeners.js';
import { StreamWatches } from '../../src/subscribe/stream-watches.js';
import { recordingLog } from '../store/fixtures.js';
import { rulesetOf } from './rulesets.js';

/** Something to watch that counts its listeners. */
class Source {
  readonly listeners = new Set<RulesetListener>();

  watch(_environment: bigint, listener: RulesetListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(): void {
    for (const listener of this.listeners) listener(rulesetOf(1));
  }
}

function watching(notify: (hold: string) => void = () => undefined) {
  const [replica, alarms] = [new Source(), new Source()];
  const { log, lines } = recordingLog();
  const notified: string[] = [];
  const watches = new StreamWatches<string>({
    replica,
    alarms,
    log,
    notify: (hold) => {
      notified.push(hold);
      notify(hold);
    },
  });
  return { replica, alarms, watches, notified, lines };
}

const CONFIGS = { kind: 'configs', environment: 1n } as const;
const CLIENTS = { kind: 'clients', environment: 1n, shard: 0 } as const;

describe('the watches of direct holds', () => {
  it('the watches of direct holds notify all holds of a stream, in their order, by one listener', () => {
    const { replica, alarms, watches, notified } = watching();
    for (const hold of ['a', 'b', 'c']) watches.add(CONFIGS, hold);
    expect([replica.listeners.size, alarms.listeners.size]).toEqual([1, 0]);
    watches.remove(CONFIGS, 'b');
    replica.tell();
    expect(notified).toEqual(['a', 'c']);
  });

  it('the watches of direct holds end with the last hold of a stream, and begin again with the next', () => {
    const { replica, alarms, watches, notified } = watching();
    watches.add(CLIENTS, 'a');
    watches.add(CONFIGS, 'b');
    expect([replica.listeners.size, alarms.listeners.size]).toEqual([2, 1]);
    watches.remove(CLIENTS, 'a');
    watches.remove(CLIENTS, 'a');
    expect([replica.listeners.size, alarms.listeners.size]).toEqual([1, 0]);
    watches.add(CLIENTS, 'c');
    alarms.tell();
    expect(notified).toEqual(['c']);
  });

  it('a hold that cannot be notified does not keep the others from it', () => {
    const { replica, watches, notified, lines } = watching((hold) => {
      if (hold === 'a') throw new Error('broken');
    });
    for (const hold of ['a', 'b']) watches.add(CONFIGS, hold);
    replica.tell();
    expect(notified).toEqual(['a', 'b']);
    expect(lines()).toMatchObject([{ msg: 'a hold could not be notified', error: 'broken' }]);
  });
});
