/** Deltas that need several events: any prefix is a place from which a client can go on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENT_MAX_BYTES, EVENT_TARGET_BYTES } from '../../src/ruleset/event.js';
import { startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag, text } from '../support/configs.js';
import { channelsOf, keysIn, readBody, type ReadEvent } from '../support/stream.js';

const CONTEXT = { contexts: [{ type: 'prefab-api-key', values: { 'user-id': { string: '7' } } }] };
const KEYS = Array.from({ length: 300 }, (_, index) => `config.${index}`);

let app: TestApp;
let environment: TestEnvironment;
let version: string;
let body: string;
let events: readonly ReadEvent[];

beforeAll(async () => {
  app = await startApp();
  environment = await app.environment({ defaultContext: CONTEXT });
  ({ version } = await environment.commit(...KEYS.map((key) => text(key, 'é'.repeat(300)))));
  body = (await environment.subscribe()).text;
  ({ events } = readBody(body));
});

afterAll(() => app.close());

describe('a large delta', () => {
  it('a large delta is cut into events below the size that every client takes', () => {
    expect(events.length).toBeGreaterThan(3);
    for (const event of events) expect(Buffer.byteLength(event.text)).toBeLessThanOrEqual(EVENT_TARGET_BYTES);
  });

  it('a large delta has each config once, ids ascending, each event with the id of its last one', () => {
    expect(keysIn(body)).toEqual(KEYS);
    const ids = events.map((event) => event.configs.configs!.map(({ id }) => BigInt(id ?? '0')));
    expect(ids.flat()).toEqual([...ids.flat()].sort((a, b) => (a < b ? -1 : 1)));
    expect(events.map(({ id }) => id)).toEqual(ids.map((each) => `${each.at(-1)!}`));
    expect(events.at(-1)!.id).toBe(version);
  });

  it('a large delta has pointer and default context in each event', () => {
    for (const { configs } of events) {
      expect(configs.configServicePointer).toEqual({ projectId: '1', projectEnvId: environment.id });
      expect(configs.defaultContext).toEqual(CONTEXT);
    }
  });

  it('a large delta holds the connection at its end, not at one of its events', async () => {
    const answer = await environment.subscribe();
    expect(channelsOf(answer)[0]).toBe(`environment-${environment.id}; prev-id=${version}`);
  });

  it('a large delta goes on after each event with exactly the rest', async () => {
    for (const [index, { id }] of events.entries()) {
      const rest = await environment.subscribe({ 'last-event-id': id });
      const later = events.slice(index + 1);
      expect(keysIn(rest.text)).toEqual(
        later.flatMap(({ configs }) => configs.configs!.map(({ key }) => key)),
      );
    }
  });

  it('a large delta goes on from the middle of an event too', async () => {
    const config = events[1]!.configs.configs![5]!;
    const rest = await environment.subscribe({ 'last-event-id': config.id! });
    expect(keysIn(rest.text)).toEqual(KEYS.slice(KEYS.indexOf(config.key!) + 1));
  });
});

describe('a config near the limit', () => {
  it('a config near the limit has an event of its own, still below the largest that the Go SDK reads', async () => {
    const other = await app.environment();
    await other.commit(flag('before', true), text('large', 'x'.repeat(48_000)), flag('after', true));
    const pieces = readBody((await other.subscribe()).text).events;
    expect(pieces.map(({ configs }) => configs.configs!.map(({ key }) => key))).toEqual([
      ['before'],
      ['large'],
      ['after'],
    ]);
    for (const piece of pieces) expect(Buffer.byteLength(piece.text)).toBeLessThanOrEqual(EVENT_MAX_BYTES);
  });
});

describe('a change of many configs in one commit', () => {
  it('a change of many configs in one commit does not show a config twice that was changed again later', async () => {
    const other = await app.environment();
    await other.commit(flag('a', true), flag('b', true), flag('c', true));
    await other.commit(flag('a', false));
    expect(keysIn((await other.subscribe()).text)).toEqual(['b', 'c', 'a']);
  });
});
