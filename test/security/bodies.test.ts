/**
 * Input to commits, from any bytes: it is refused with a reason, or becomes a change that every
 * client can read.
 */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { planChange, type ChangePlan } from '../../src/commit/plan.js';
import { readChange } from '../../src/commit/request.js';
import { readEvent } from '../../src/inbox/event.js';
import { concat, decodeConfigs, encodeConfig, encodeEnvelope } from '../../src/ruleset/codec.js';
import { cut, EVENT_MAX_BYTES, eventText } from '../../src/ruleset/event.js';
import type { Config } from '../../src/ruleset/model.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { readSubmittedJson, type SubmittedConfig } from '../../src/ruleset/submitted.js';
import { ENVIRONMENT, liveConfig, PROJECT, segment, tombstone } from '../ruleset/arbitrary.js';
import { CASES, check, HANGS, mutated, mutatedBytes, refusedOr } from './cases.js';

// These take seconds on an idle machine, and longer next to other tests.
vi.setConfig({ testTimeout: 120_000 });

const NOW = 1_795_296_780_284_006n;
const settings = { id: ENVIRONMENT, projectId: PROJECT, name: 'x' };

const configs = [segment('base'), segment('user', 'base'), tombstone('gone')];
/** As it is before each case. */
const base = {
  settings,
  ruleset: new Ruleset({
    environment: ENVIRONMENT,
    version: 30n,
    at: 30n,
    envelope: encodeEnvelope(settings),
    configs: configs.map((config, i) =>
      encodeConfig({ ...config, id: `${10 * (i + 1)}`, projectId: `${PROJECT}` }),
    ),
  }),
};

/** Valid ones to start from; new ones each time the tests run. */
const valid: Config[] = [
  ...fc.sample(liveConfig(), 300),
  segment('other', 'user'),
  tombstone('user'),
  { ...segment('base'), id: '10', projectId: `${PROJECT}` },
];
const change = fc.array(fc.constantFrom(...valid), { minLength: 1, maxLength: 3 });

/** That what would be committed is in order, and reaches clients in events that they can read. */
function expectReadable({ change: made, configs: all }: ChangePlan): void {
  expect(all.length).toBeGreaterThan(0);
  if (made === undefined) return;
  const { envelope, previous, version } = made;
  let last = previous;
  for (const { id } of made.configs) {
    expect(id > last).toBe(true);
    last = id;
  }
  expect(last).toBe(version);
  const read = decodeConfigs(concat(made.configs, envelope));
  expect(read.configs?.map(({ key }) => key)).toEqual(made.configs.map(({ key }) => key));
  expect(JSON.stringify(read)).not.toBe('');
  for (const piece of cut(made.configs, previous, version, envelope.length)) {
    expect(Buffer.byteLength(eventText(piece, envelope))).toBeLessThanOrEqual(EVENT_MAX_BYTES);
  }
}

function commit(submitted: readonly SubmittedConfig[]): string {
  const plan = planChange(base, submitted, NOW);
  expectReadable(plan);
  // No key has become another one on the way. Those that are deleted and never existed are absent.
  const absent = new Set(plan.absent);
  const made = submitted.map(({ config }) => config.key ?? '').filter((key) => !absent.has(key));
  expect(plan.configs.map(({ key }) => key)).toEqual(made);
  for (const key of absent) expect(base.ruleset.get(key)).toBeUndefined();
  return 'accepted';
}

const words = { subject: 'the body', protobuf: 'protobuf' };

/** Puts something else in one place of a value; `undefined` takes that place away. */
function replaced(value: unknown, path: readonly number[], put: unknown): unknown {
  const [step = 0, ...rest] = path;
  if (typeof value !== 'object' || value === null || path.length === 0) return put;
  const members = Object.entries(value);
  const at = step % Math.max(1, members.length);
  const changed = members.map(
    ([name, each], i) => [name, i === at ? replaced(each, rest, put) : each] as const,
  );
  return Array.isArray(value) ? changed.map(([, each]): unknown => each) : Object.fromEntries(changed);
}

const jsonBody = fc.oneof(
  { weight: 1, arbitrary: change.map((list) => JSON.stringify({ configs: list })) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        change,
        fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
        fc.oneof(fc.jsonValue(), fc.constantFrom(undefined, '\ud800half of a pair')),
      )
      .map(([list, path, put]) => JSON.stringify(replaced({ configs: list }, path, put))),
  },
  { weight: 2, arbitrary: mutated(change.map((list) => JSON.stringify({ configs: list }))) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
);

const encoded = (list: readonly Config[]) =>
  concat(
    list.map((config) => encodeConfig(config)),
    new Uint8Array(),
  );

/** Fields as protobuf writes them, of any number and type, some of them messages of such fields. */
const fields = fc.letrec<{ message: Uint8Array }>((tie) => ({
  message: fc
    .array(
      fc.tuple(
        fc.oneof(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 0, max: 5_000 })),
        fc.nat({ max: 7 }),
        fc.oneof({ depthSize: 'small' }, fc.uint8Array({ maxLength: 8 }), tie('message')),
      ),
      { maxLength: 4 },
    )
    .map((list) =>
      Buffer.concat(
        list.flatMap(([number, type, content]) => [
          varint((number << 3) | type),
          ...(type === 2 ? [varint(content.length)] : []),
          content,
        ]),
      ),
    ),
})).message;

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
    if (rest < 128) return Uint8Array.from(bytes);
  }
}

const protobufBody = fc.oneof(
  { weight: 1, arbitrary: change.map(encoded) },
  { weight: 6, arbitrary: mutatedBytes(change.map(encoded)) },
  { weight: 2, arbitrary: fields },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
);

describe('any body', () => {
  it(`any body of JSON is refused with a reason or makes a change that clients can read (${CASES['JSON bodies']} cases)`, () => {
    const outcomes = check('JSON bodies', jsonBody, (body) =>
      refusedOr(() => commit(readChange('json', Buffer.from(body), words))),
    );
    expect(outcomes.get('accepted')).toBeGreaterThan(CASES['JSON bodies'] / 50);
    expect(outcomes.get('refused')).toBeGreaterThan(CASES['JSON bodies'] / 4);
  });

  it(`any body of protobuf is refused with a reason or makes a change that clients can read (${CASES['protobuf bodies']} cases)`, () => {
    const outcomes = check('protobuf bodies', protobufBody, (bytes) =>
      refusedOr(() => {
        const submitted = readChange('protobuf', bytes, words);
        const outcome = commit(submitted);
        // A change sent as protobuf can be read as JSON, and is then the same.
        const json: unknown = JSON.parse(JSON.stringify({ configs: submitted.map(({ config }) => config) }));
        expect(readSubmittedJson(json).map(({ config }) => config.key)).toEqual(
          submitted.map(({ config }) => config.key),
        );
        return outcome;
      }),
    );
    expect(outcomes.get('accepted')).toBeGreaterThan(CASES['protobuf bodies'] / 50);
    expect(outcomes.get('refused')).toBeGreaterThan(CASES['protobuf bodies'] / 4);
  });
});

const bytesOf = (text: fc.Arbitrary<string>) => text.map((each) => Buffer.from(each));
const anyBytes = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes));

const payload = fc.oneof(
  fc.tuple(fc.constant('json'), bytesOf(jsonBody)),
  fc.tuple(
    fc.constant('configs'),
    protobufBody.map((bytes) => Buffer.from(bytes)),
  ),
);
const environment = fc.oneof(
  { weight: 8, arbitrary: fc.constant('7') },
  fc.bigInt().map(String),
  fc.string(),
);
const key = fc.oneof(bytesOf(fc.string({ unit: 'binary' })), anyBytes);
const other = fc.tuple(fc.oneof(fc.constantFrom('json', 'environment', 'event'), fc.string()), anyBytes);

const event = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(
      bytesOf(environment).map((value) => ['environment', value] as const),
      payload,
      ...[key.map((value) => ['event', value] as const), other].map((each) =>
        fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, each),
      ),
    ),
  },
  fc.array(fc.tuple(fc.string({ unit: 'binary' }), anyBytes), { maxLength: 5 }),
);

describe('any event in the inbox', () => {
  it(`any event in the inbox is rejected with a reason or makes a change that clients can read (${CASES['inbox events']} cases)`, () => {
    const outcomes = check('inbox events', event, (pairs) =>
      refusedOr(() => {
        const read = pairs.flatMap((pair) =>
          pair === undefined ? [] : [{ name: Buffer.from(pair[0]), value: pair[1] }],
        );
        const bytes = read.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
        const { request } = readEvent({ id: '1-1', bytes, fields: read });
        expect(request.environment > 0n && request.environment < 2n ** 63n).toBe(true);
        return commit(request.configs);
      }),
    );
    expect(outcomes.get('accepted')).toBeGreaterThan(CASES['inbox events'] / 100);
    expect(outcomes.get('refused')).toBeGreaterThan(CASES['inbox events'] / 4);
  });
});

describe('a body of the largest size, made to take long', () => {
  const SIZE = 1024 * 1024 - 1_000;
  const config = (value: string, criterion = '{}') =>
    `{"configs":[{"key":"k","configType":"CONFIG","rows":[{"values":[{"criteria":[${criterion}],"value":${value}}]}]}]}`;
  const semver = (text: string) =>
    config(
      '{"bool":true}',
      `{"propertyName":"x","operator":"PROP_SEMVER_EQUAL","valueToMatch":{"string":"${text}"}}`,
    );
  const filled = (start: string, piece: string, end = '') =>
    start + piece.repeat(Math.floor((SIZE - start.length - end.length) / piece.length)) + end;

  it.each([
    ['digits for a duration', config(`{"duration":{"definition":"${filled('PT', '1')}"}}`)],
    ['digits and dots for a duration', config(`{"duration":{"definition":"${filled('P', '1.')}"}}`)],
    ['digits for an integer', config(`{"int":"${filled('', '9')}"}`)],
    ['digits for a double', config(`{"double":"${filled('1.', '0')}"}`)],
    ['digits for a semantic version', semver(filled('1.2.3-', '1', '!'))],
    ['parts of a semantic version', semver(filled('1.2.3-', 'a.', '!'))],
    ['base64', config(`{"bytes":"${filled('', 'A', '!')}"}`)],
    ['JSON in JSON', config(`{"json":{"json":"${filled('', '[')}"}}`)],
    ['lists in lists', filled('{"configs":', '[')],
    ['objects in objects', filled('', '{"configs":')],
    ['many configs', filled('{"configs":[', '{},', '{}]}')],
    ['one name for many members', filled('{', '"configs":[],', '"configs":[]}')],
    [
      'many names',
      `{"configs":[{"key":"k","rows":[{"properties":{${Array.from({ length: 30_000 }, (_, i) => `"${i}":{"bool":true}`).join()}}}]}]}`,
    ],
    ['spaces', filled('', ' ')],
  ])(
    'a body of the largest size, made to take long is judged in time that grows with its size only: %s',
    (_, body) => {
      const since = process.cpuUsage();
      refusedOr(() => commit(readChange('json', Buffer.from(body), words)));
      // Processor time: on a busy machine the wall clock also counts the work of other processes.
      expect(process.cpuUsage(since).user / 1000).toBeLessThan(HANGS);
    },
  );

  it.each([
    ['empty configs', Buffer.from('0a00'.repeat(SIZE / 2), 'hex')],
    [
      'one config of empty rows',
      Buffer.concat([Buffer.of(0x0a), varint(SIZE), Buffer.from('2a00'.repeat(SIZE / 2), 'hex')]),
    ],
    ['groups in groups', Buffer.alloc(SIZE, 0x2b)],
    ['unknown fields', Buffer.from('f80100'.repeat(SIZE / 3), 'hex')],
    ['numbers without end', Buffer.alloc(SIZE, 0xff)],
  ])(
    'a body of the largest size, made to take long of protobuf is judged in time that grows with its size only: %s',
    (_, body) => {
      const since = process.cpuUsage();
      refusedOr(() => commit(readChange('protobuf', body, words)));
      // Processor time: on a busy machine the wall clock also counts the work of other processes.
      expect(process.cpuUsage(since).user / 1000).toBeLessThan(HANGS);
    },
  );
});
