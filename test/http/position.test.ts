/**
 * Where a client stands: what its headers say, and what it is sent for that. Through a proxy, where
 * the answer is finite.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { deletion, flag } from '../support/configs.js';
import { channelsOf, keysIn, readBody } from '../support/stream.js';

let app: TestApp;

/** An environment with three configs, each from a change of its own. */
let environment: TestEnvironment;
let versions: [string, string, string];

beforeAll(async () => {
  app = await startApp();
  environment = await app.environment();
  const [a, b, c] = [
    await environment.commit(flag('a', true)),
    await environment.commit(flag('b', true)),
    await environment.commit(flag('c', true)),
  ];
  versions = [a.version, b.version, c.version];
});

afterAll(() => app.close());

const EVERYTHING = ['a', 'b', 'c'];
const MAX = '9223372036854775807';

interface Answer {
  readonly keys: string[];
  /** Where the hold stands, by its channel. */
  readonly at: string;
}

async function answerTo(headers: Record<string, string | string[]>): Promise<Answer> {
  const answer = await environment.subscribe(headers);
  expect(answer.status).toBe(200);
  const at = /prev-id=(.*)$/.exec(channelsOf(answer)[0]!)?.[1] ?? '';
  return { keys: keysIn(answer.text), at };
}

describe('a client that says nothing', () => {
  it('a client that says nothing gets everything, in one event, ascending by id', async () => {
    const { text } = await environment.subscribe();
    const [event, ...more] = readBody(text).events;
    expect(more).toEqual([]);
    expect(event!.id).toBe(versions[2]);
    expect(event!.configs.configs!.map(({ key, id }) => [key, id])).toEqual([
      ['a', versions[0]],
      ['b', versions[1]],
      ['c', versions[2]],
    ]);
  });
});

for (const header of ['last-event-id', 'x-prefab-start-at-id']) {
  describe(`a client that says where it stands in ${header}`, () => {
    it('gets what it lacks when it is behind', async () => {
      expect(await answerTo({ [header]: versions[0] })).toEqual({ keys: ['b', 'c'], at: versions[2] });
      expect(await answerTo({ [header]: versions[1] })).toEqual({ keys: ['c'], at: versions[2] });
    });

    it('gets everything for 0', async () => {
      expect(await answerTo({ [header]: '0' })).toEqual({ keys: EVERYTHING, at: versions[2] });
    });

    it('gets what is above a version that never was', async () => {
      const between = `${BigInt(versions[1]) - 1n}`;
      expect(await answerTo({ [header]: between })).toEqual({ keys: ['b', 'c'], at: versions[2] });
    });

    it('gets nothing, and is held at its version, when it is current', async () => {
      expect(await answerTo({ [header]: versions[2] })).toEqual({ keys: [], at: versions[2] });
    });

    it('gets everything when it is ahead of the store', async () => {
      const ahead = `${BigInt(versions[2]) + 1n}`;
      expect(await answerTo({ [header]: ahead })).toEqual({ keys: EVERYTHING, at: versions[2] });
      expect(await answerTo({ [header]: MAX })).toEqual({ keys: EVERYTHING, at: versions[2] });
    });
  });

  describe(`text that is no version, in ${header}`, () => {
    const garbage = [
      '-1',
      '+1',
      '0x10',
      '1e15',
      '1.5',
      '007',
      'abc',
      'null',
      '1 2',
      '1,2',
      '१२३',
      '9223372036854775808',
      '18446744073709551616',
      '9'.repeat(400),
      '%31',
      '"1"',
    ];
    for (const text of garbage) {
      it(`counts as absent: ${text.slice(0, 24)}`, async () => {
        const raw = Buffer.from(text).toString('latin1');
        expect(await answerTo({ [header]: raw })).toEqual({ keys: EVERYTHING, at: versions[2] });
      });
    }

    it('counts as absent: the header twice', async () => {
      const answer = await answerTo({ [header]: [versions[1], versions[1]] });
      expect(answer).toEqual({ keys: EVERYTHING, at: versions[2] });
    });

    it('text that is no version does not take the other header away', async () => {
      const other = header === 'last-event-id' ? 'x-prefab-start-at-id' : 'last-event-id';
      expect((await answerTo({ [header]: 'abc', [other]: versions[1] })).keys).toEqual(['c']);
    });
  });
}

describe('a client that sends both headers', () => {
  it('a client that sends both headers stands at the larger of the two', async () => {
    const both = (last: string, start: string) =>
      answerTo({ 'last-event-id': last, 'x-prefab-start-at-id': start });
    expect((await both(versions[1], versions[0])).keys).toEqual(['c']);
    expect((await both(versions[0], versions[1])).keys).toEqual(['c']);
    expect((await both('0', versions[1])).keys).toEqual(['c']);
  });

  it('a client that sends both headers has them compared as numbers, not as text', async () => {
    const { keys } = await answerTo({ 'last-event-id': '9', 'x-prefab-start-at-id': versions[1] });
    expect(keys).toEqual(['c']);
  });
});

describe('a client that is ahead of the store', () => {
  it('a client that is ahead of the store is counted and raises no alarm, because a client can make a version up', async () => {
    const lost = await app.metric('holdfast_data_lost_total');
    const named = await app.metric('holdfast_clients_ahead_total');
    const ahead = await app.metric(
      'holdfast_subscribes_total{hold="grip",decision="ahead",stream="configs"}',
    );
    app.logs.length = 0;
    await answerTo({ 'last-event-id': MAX });
    expect(await app.metric('holdfast_data_lost_total')).toBe(lost);
    expect(await app.metric('holdfast_clients_ahead_total')).toBe(named + 1);
    expect(await app.metric('holdfast_subscribes_total{hold="grip",decision="ahead",stream="configs"}')).toBe(
      ahead + 1,
    );
    expect(app.logs.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });
});

describe('decisions', () => {
  it('decisions are counted by what the client lacked', async () => {
    const read = (decision: string) =>
      app.metric(`holdfast_subscribes_total{hold="grip",decision="${decision}",stream="configs"}`);
    const before = [await read('behind'), await read('current')];
    await answerTo({});
    await answerTo({ 'last-event-id': versions[2] });
    expect([await read('behind'), await read('current')]).toEqual(before.map((count) => count + 1));
  });
});

describe('an empty environment', () => {
  it('an empty environment has nothing to send, and is held at 0', async () => {
    const empty = await app.environment();
    const answer = await empty.subscribe();
    expect(readBody(answer.text).events).toEqual([]);
    expect(channelsOf(answer)[0]).toBe(`environment-${empty.id}; prev-id=0`);
  });

  it('an empty environment holds a client that claims more at 0 too', async () => {
    const empty = await app.environment();
    const answer = await empty.subscribe({ 'last-event-id': versions[2] });
    expect(channelsOf(answer)[0]).toBe(`environment-${empty.id}; prev-id=0`);
  });
});

describe('a deletion', () => {
  it('a deletion reaches a client that had the config, as a tombstone without rows', async () => {
    const other = await app.environment();
    const before = await other.commit(flag('gone', true), flag('stays', true));
    const { version } = await other.commit(deletion('gone'));
    const { text } = await other.subscribe({ 'last-event-id': before.version });
    expect(readBody(text).events).toMatchObject([
      { id: version, configs: { configs: [{ key: 'gone', configType: 'DELETED', id: version }] } },
    ]);
    expect(readBody(text).events[0]!.configs.configs![0]).not.toHaveProperty('rows');
  });

  it('a deletion is all that is left of a config, also for a client that has nothing', async () => {
    const other = await app.environment();
    await other.commit(flag('gone', true));
    await other.commit(flag('stays', true));
    await other.commit(deletion('gone'));
    expect(keysIn((await other.subscribe()).text)).toEqual(['stays', 'gone']);
  });
});
