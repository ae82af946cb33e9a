/**
 * Bad input: each kind is answered with its status and code, and a sentence that names the field;
 * and nothing of it is applied, also where the rest of the change is good.
 */
import type { Test } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concat, encodeConfig } from '../../src/ruleset/codec.js';
import type { Config, ConfigValue } from '../../src/ruleset/model.js';
import { segment } from '../ruleset/arbitrary.js';
import { startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { deletion, flag } from '../support/configs.js';

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

const send = (body: unknown, type = 'application/json') => environment.change(body, { 'content-type': type });

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
  [
    'an id beyond the horizon',
    { ...flag('k', true), id: '9223372036854775807' },
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
    // Complete JSON but for one byte inside of a text, so that nothing else can be the reason.
    ['no UTF-8', Buffer.from(JSON.stringify({ configs: [flag('k\u00ff', true)] }), 'latin1')],
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

  it('a body is refused that is without configs', async () => {
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
    const answer = await environment.change({ configs: [flag('k', true)] }, { 'content-encoding': 'zip' });
    expect([answer.status, answer.body.error.code]).toEqual([400, 'body_invalid']);
  });
});

describe('a body is accepted that is', () => {
  it('JSON with a byte order mark', async () => {
    const other = await app.environment();
    await other.change(`\ufeff${JSON.stringify({ configs: [flag('k', true)] })}`).expect(200);
  });
});
