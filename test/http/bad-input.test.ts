/**
 * Bad input: each kind is answered with its status and code, and a sentence that names the field; and nothing of it is applied, also
 * where the rest of the change is good.
 */
import { gzipSync } from 'node:zlib';
import type { Test } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concat, encodeConfig } from '../../src/ruleset/codec.js';
import { MESSAGE_MAX_BYTES } from '../../src/ruleset/event.js';
import type { Config, ConfigValue } from '../../src/ruleset/model.js';
import { segment } from '../ruleset/arbitrary.js';
import { startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { deletion, flag, text } from '../support/configs.js';

const MIB = 1024 * 1024;
const PROTOBUF = 'application/x-protobuf';

let app: TestApp;
/** With a flag, and a segment that another one uses. */
let environment: TestEnvironment;
let version: string;

beforeAll(async () => {
  app = await startApp();
  environment = await app.environment();
  await environment.commit(segment('base'), segment('user', 'base'));
  ({ version } = await environment.commit(flag('present', true)));
});

afterAll(() => app.close());

const snapshot = () =>
  app.http.get('/api/v1/configs/0?format=json').auth('test', environment.key).expect(200);

function send(body: unknown, type = 'application/json'): Test {
  const bytes = Buffer.isBuffer(body) ? body : typeof body === 'string' ? body : JSON.stringify(body);
  return app
    .admin('post', `/environments/${environment.id}/changes`)
    .set('Content-Type', type)
    .serialize((raw) => raw as string)
    .send(bytes as string);
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  /** Also part of the sentence. */
  readonly field?: string;
}

async function expectRefusal(answer: Test, { status, code, field }: Refusal): Promise<void> {
  const before = (await snapshot()).body as unknown;
  const { body, headers, status: got } = await answer;
  expect({ status: got, code: body.error?.code, field: body.error?.field }).toEqual({ status, code, field });
  expect(headers['cache-control']).toBe('no-store');
  expect(body.error.message).toContain(field ?? ' ');
  expect((await snapshot()).body).toEqual(before);
}

const config = (value: ConfigValue, valueType: string): Config => ({
  key: 'k',
  configType: 'CONFIG',
  valueType,
  rows: [{ values: [{ value }] }],
});
const weighted = (...weights: number[]) =>
  config(
    {
      weightedValues: {
        weightedValues: weights.map((weight) => ({ weight, value: { bool: true } })),
        hashByPropertyName: 'user.key',
      },
    },
    'BOOL',
  );
const row = (projectEnvId: string): Config => ({
  ...flag('k', true),
  rows: [{ projectEnvId, values: [{ value: { bool: true } }] }],
});

const VALUE = 'configs[1].rows[0].values[0].value';

/** Each is the second config of a change whose first one is good. */
const badConfigs: [string, unknown, number, string, string][] = [
  ['an empty key', flag('', true), 400, 'key_empty', 'configs[1].key'],
  ['no key', { ...flag('k', true), key: undefined }, 400, 'key_empty', 'configs[1].key'],
  ['a key of another type', { ...flag('k', true), key: 5 }, 400, 'field_invalid', 'configs[1].key'],
  ['a key of 513 bytes', flag('k'.repeat(513), true), 400, 'field_invalid', 'configs[1].key'],
  ['a key with a line break', flag('a\nb', true), 400, 'field_invalid', 'configs[1].key'],
  ['no rows', { key: 'k', configType: 'CONFIG' }, 400, 'rows_missing', 'configs[1].rows'],
  [
    'rows on a deletion',
    { ...flag('k', true), configType: 'DELETED' },
    400,
    'rows_unexpected',
    'configs[1].rows',
  ],
  ['a row for another environment', row('999'), 400, 'row_environment', 'configs[1].rows[0].projectEnvId'],
  ['another project', { ...flag('k', true), projectId: '2' }, 400, 'field_invalid', 'configs[1].projectId'],
  ['a value of another type', config({ string: 'x' }, 'BOOL'), 400, 'value_type_mismatch', VALUE],
  ['no value', config({}, 'BOOL'), 400, 'value_invalid', VALUE],
  ['JSON text that is none', config({ json: { json: '{' } }, 'JSON'), 400, 'value_invalid', `${VALUE}.json`],
  [
    'a negative weight',
    weighted(1, -1),
    400,
    'weights_invalid',
    `${VALUE}.weightedValues.weightedValues[1].weight`,
  ],
  [
    'weights that are all zero',
    weighted(0, 0),
    400,
    'weights_invalid',
    `${VALUE}.weightedValues.weightedValues`,
  ],
  ['no weights', weighted(), 400, 'weights_invalid', `${VALUE}.weightedValues.weightedValues`],
  [
    'a segment that does not exist',
    segment('k', 'nowhere'),
    400,
    'segment_missing',
    'configs[1].rows[0].values[0].criteria[0].valueToMatch.string',
  ],
  ['a segment of itself', segment('k', 'k'), 400, 'segment_circular', 'configs[1]'],
  ['a circle of segments', segment('base', 'user'), 400, 'segment_circular', 'configs[1]'],
  ['the deletion of a segment in use', deletion('base'), 400, 'segment_missing', 'configs[1]'],
  [
    'an operator at which SDKs fail',
    {
      ...flag('k', true),
      rows: [{ values: [{ criteria: [{ operator: 'ALWAYS_TRUE' }], value: { bool: true } }] }],
    },
    400,
    'operator_unsupported',
    'configs[1].rows[0].values[0].criteria[0].operator',
  ],
  ['a key twice', flag('good', false), 400, 'key_duplicate', 'configs[1].key'],
  ['a negative id', { ...flag('k', true), id: '-5' }, 400, 'field_invalid', 'configs[1].id'],
  ['an id that is no number', { ...flag('k', true), id: 'x' }, 400, 'field_invalid', 'configs[1].id'],
  [
    'an id above 2^63 - 1',
    { ...flag('k', true), id: '9223372036854775808' },
    400,
    'field_invalid',
    'configs[1].id',
  ],
  ['an id that lost digits', '{"id": 17018962363976479}', 400, 'field_invalid', 'configs[1].id'],
  ['an id below the version', { ...flag('k', true), id: '5' }, 409, 'id_conflict', 'configs[1].id'],
  ['rows of another type', { ...flag('k', true), rows: {} }, 400, 'field_invalid', 'configs[1].rows'],
  ['an unknown field', { ...flag('k', true), row: [] }, 400, 'field_invalid', 'configs[1].row'],
  [
    'an unknown type',
    { ...flag('k', true), configType: 'FLAG' },
    400,
    'field_invalid',
    'configs[1].configType',
  ],
  ['no type', { ...flag('k', true), configType: undefined }, 400, 'field_invalid', 'configs[1].configType'],
  [
    'a boolean as text',
    { ...flag('k', true), sendToClientSdk: 'yes' },
    400,
    'field_invalid',
    'configs[1].sendToClientSdk',
  ],
  ['text in place of a config', '"text"', 400, 'field_invalid', 'configs[1]'],
  ['null in place of a config', 'null', 400, 'field_invalid', 'configs[1]'],
];

describe('a config is refused with', () => {
  for (const [name, bad, status, code, field] of badConfigs) {
    it(name, async () => {
      const second = typeof bad === 'string' ? bad : JSON.stringify(bad);
      const body = `{"configs": [${JSON.stringify(flag('good', true))}, ${second}]}`;
      await expectRefusal(send(body), { status, code, field });
    });
  }

  it('the id of the version and other content', async () => {
    const bad = { ...flag('present', false), id: version };
    await expectRefusal(send({ configs: [bad] }), {
      status: 409,
      code: 'id_conflict',
      field: 'configs[0].id',
    });
  });
});

describe('a body is refused that is', () => {
  const bodies: [string, string | Buffer, string?][] = [
    ['empty', ''],
    ['not JSON', 'configs: []'],
    ['JSON that was cut', '{"configs": ['],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '5'],
    ['text in quotes', '"configs"'],
    ['no UTF-8', Buffer.concat([Buffer.from('{"configs": [{"key": "'), Buffer.from([0xff, 0xfe])])],
    ['UTF-16', Buffer.from('\ufeff{"configs": []}', 'utf16le')],
    ['protobuf without saying so', Buffer.from(concat([encodeConfig(flag('k', true))], new Uint8Array()))],
    ['JSON that claims to be protobuf', JSON.stringify({ configs: [flag('k', true)] }), PROTOBUF],
    ['random bytes that claim to be protobuf', Buffer.from('ffffffffffffffffffffffff', 'hex'), PROTOBUF],
  ];
  for (const [name, body, type] of bodies) {
    it(name, () => expectRefusal(send(body, type), { status: 400, code: 'body_invalid' }));
  }

  it('protobuf that was cut, wherever it was cut inside a config', async () => {
    const whole = Buffer.from(
      concat([encodeConfig(flag('one', true)), encodeConfig(flag('two', true))], new Uint8Array()),
    );
    const second = whole.length / 2;
    for (let end = second + 1; end < whole.length; end++) {
      const answer = await send(whole.subarray(0, end), PROTOBUF);
      expect([end, answer.status, answer.body.error.code]).toEqual([end, 400, 'body_invalid']);
    }
    expect((await snapshot()).text).not.toContain('"one"');
  });

  it('without configs', async () => {
    const refusal = { status: 400, code: 'field_invalid', field: 'configs' };
    await expectRefusal(send('{}'), refusal);
    await expectRefusal(send({ configs: [] }), refusal);
    await expectRefusal(send({ configs: {} }), refusal);
    await expectRefusal(send('', PROTOBUF), refusal);
  });

  it('an object with an unknown member', async () => {
    const body = { configs: [flag('k', true)], dryRun: true };
    await expectRefusal(send(body), { status: 400, code: 'field_invalid', field: 'dryRun' });
  });

  it('nested too deep, without exhausting the stack', async () => {
    const deep = `{"configs":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const answer = await send(deep);
    expect([answer.status, answer.body.error.code]).toEqual([400, 'field_invalid']);
    const levels = 5_000;
    const nested = `${'{"weightedValues":{"weightedValues":[{"weight":1,"value":'.repeat(levels)}{"bool":true}${'}]}}'.repeat(levels)}`;
    const bad = `{"configs":[{"key":"k","configType":"CONFIG","rows":[{"values":[{"value":${nested}}]}]}]}`;
    const second = await send(bad);
    expect([second.status, second.body.error.code]).toEqual([400, 'field_invalid']);
    expect(second.body.error.message).toContain('deep');
  });

  it('compressed in a way that is not known', async () => {
    const answer = await app
      .admin('post', `/environments/${environment.id}/changes`)
      .set('Content-Encoding', 'zip')
      .send({ configs: [flag('k', true)] });
    expect([answer.status, answer.body.error.code]).toEqual([400, 'body_invalid']);
  });
});

describe('a body is accepted that is', () => {
  it('JSON with a byte order mark', async () => {
    const other = await app.environment();
    await app
      .admin('post', `/environments/${other.id}/changes`)
      .set('Content-Type', 'application/json')
      .serialize((raw) => raw as string)
      .send(`\ufeff${JSON.stringify({ configs: [flag('k', true)] })}`)
      .expect(200);
  });
});

describe('sizes', () => {
  const tooLarge = { status: 413, code: 'change_too_large' };

  /** A good change, with spaces up to that many bytes. */
  const padded = (bytes: number) => JSON.stringify({ configs: [flag('padded', true)] }).padEnd(bytes, ' ');

  it('a change of exactly 1 MiB is accepted', async () => {
    const other = await app.environment();
    const answer = await app
      .admin('post', `/environments/${other.id}/changes`)
      .set('Content-Type', 'application/json')
      .send(padded(MIB));
    expect(answer.status).toBe(200);
  });

  it('a change of 1 MiB and a byte is refused, with the limit', async () => {
    await expectRefusal(send(padded(MIB + 1)), tooLarge);
    expect((await send(padded(MIB + 1))).body.error.message).toContain(`${MIB}`);
    await expectRefusal(send(Buffer.alloc(MIB + 1), PROTOBUF), tooLarge);
  });

  it('a change that is small only while it is compressed is refused', async () => {
    const test = send(gzipSync(padded(MIB + 1))).set('Content-Encoding', 'gzip');
    await expectRefusal(test, tooLarge);
  });

  it('a config that just fits into one event is accepted, and one byte more is refused', async () => {
    const other = await app.environment();
    const pointer = (await envelopeOf(other)).length;
    const one = (await other.commit(text('k', 'x'.repeat(40_000)))).version;
    const overhead = (await encodedSize(other, one)) - pointer - 40_000;
    const fits = MESSAGE_MAX_BYTES - pointer - overhead;
    await other.commit(text('k', 'x'.repeat(fits)));
    const [event] = (await other.subscribe()).text.split('\n').filter((line) => line.startsWith('data: '));
    expect(Buffer.from(event!.slice(6), 'base64')).toHaveLength(MESSAGE_MAX_BYTES);
    const answer = await app
      .admin('post', `/environments/${other.id}/changes`)
      .send({ configs: [text('k', 'x'.repeat(fits + 1))] });
    expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([
      413,
      'config_too_large',
      'configs[0]',
    ]);
  });

  it('a default context that leaves a config no room in an event is refused', async () => {
    const other = await app.environment();
    await other.commit(text('k', 'x'.repeat(40_000)));
    const values = { big: { string: 'x'.repeat(10_000) } };
    const answer = await app
      .admin('put', `/environments/${other.id}`)
      .send({ projectId: '1', name: 'x', defaultContext: { contexts: [{ type: 'team', values }] } });
    expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([
      413,
      'config_too_large',
      'defaultContext',
    ]);
  });
});

describe('an environment or a key is refused with', () => {
  const good = { projectId: '1', name: 'x' };
  const context = (value: unknown) => ({ ...good, defaultContext: value });
  const bodies: [string, string, unknown, string, string | undefined][] = [
    ['no body', '/environments/77', undefined, 'field_invalid', 'projectId'],
    ['a list', '/environments/77', [], 'body_invalid', undefined],
    ['text that is not JSON', '/environments/77', '{', 'body_invalid', undefined],
    ['no project', '/environments/77', { name: 'x' }, 'field_invalid', 'projectId'],
    ['project 0', '/environments/77', { ...good, projectId: 0 }, 'field_invalid', 'projectId'],
    [
      'a project with a fraction',
      '/environments/77',
      { ...good, projectId: 1.5 },
      'field_invalid',
      'projectId',
    ],
    [
      'a project that lost digits',
      '/environments/77',
      { ...good, projectId: 2 ** 60 },
      'field_invalid',
      'projectId',
    ],
    [
      'a project that is no number',
      '/environments/77',
      { ...good, projectId: 'x' },
      'field_invalid',
      'projectId',
    ],
    ['no name', '/environments/77', { projectId: '1' }, 'field_invalid', 'name'],
    ['an empty name', '/environments/77', { ...good, name: '' }, 'field_invalid', 'name'],
    [
      'a name of 201 characters',
      '/environments/77',
      { ...good, name: 'x'.repeat(201) },
      'field_invalid',
      'name',
    ],
    ['a name of another type', '/environments/77', { ...good, name: 5 }, 'field_invalid', 'name'],
    ['an unknown member', '/environments/77', { ...good, colour: 'red' }, 'field_invalid', 'colour'],
    ['a context of another type', '/environments/77', context('x'), 'field_invalid', 'defaultContext'],
    [
      'a context with an unknown member',
      '/environments/77',
      context({ contexts: [{ kind: 'user' }] }),
      'field_invalid',
      'defaultContext.contexts[0].kind',
    ],
    ['number 0', '/environments/0', good, 'field_invalid', 'id'],
    ['a number that is none', '/environments/x', good, 'field_invalid', 'id'],
    ['a number above 2^63 - 1', '/environments/9223372036854775808', good, 'field_invalid', 'id'],
  ];
  for (const [name, path, body, code, field] of bodies) {
    it(name, async () => {
      const before = (await app.admin('get', '/environments')).body as unknown;
      const test = app.admin('put', path).set('Content-Type', 'application/json');
      const answer = await (body === undefined ? test : test.send(body as object));
      expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([400, code, field]);
      expect(answer.body.error.message).toContain(field ?? ' ');
      expect((await app.admin('get', '/environments')).body).toEqual(before);
    });
  }

  const keys: [string, unknown, string | undefined][] = [
    ['no kind', {}, 'kind'],
    ['another kind', { kind: 'admin' }, 'kind'],
    ['a name of another type', { kind: 'server', name: 5 }, 'name'],
    ['a text of its own', { kind: 'server', key: 'mine' }, 'key'],
  ];
  for (const [name, body, field] of keys) {
    it(`${name} (of a key)`, async () => {
      const before = await app.store.keys();
      const answer = await app.admin('post', `/environments/${environment.id}/keys`).send(body as object);
      expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([
        400,
        'field_invalid',
        field,
      ]);
      expect(answer.body.error.message).toContain(field);
      expect(await app.store.keys()).toEqual(before);
    });
  }

  it('64 KiB of it', async () => {
    const answer = await app.admin('put', '/environments/77').send({ ...good, name: 'x'.repeat(65_536) });
    expect([answer.status, answer.body.error.code]).toEqual([413, 'change_too_large']);
    expect(answer.body.error.message).toContain('65536 bytes');
  });
});

/** The bytes that each message of the environment has beside its configs. */
async function envelopeOf(other: TestEnvironment): Promise<Buffer> {
  const answer = await app.http.get('/api/v1/configs/0').auth('t', other.key).responseType('blob');
  return answer.body as Buffer;
}

async function encodedSize(other: TestEnvironment, at: string): Promise<number> {
  const from = BigInt(at) - 1n;
  const answer = await app.http.get(`/api/v1/configs/${from}`).auth('t', other.key).responseType('blob');
  return (answer.body as Buffer).length;
}
