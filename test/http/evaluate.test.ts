/** Evaluations that are explained to operators. [protocol] #explanations */
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestEnvironment } from '../support/app.js';
import { flag, text } from '../support/configs.js';
import { sharedApp } from '../support/shared.js';
import { segment } from '../ruleset/arbitrary.js';

const app = sharedApp();
let environment: TestEnvironment;

const acme = {
  propertyName: 'user.email',
  operator: 'PROP_ENDS_WITH_ONE_OF',
  valueToMatch: { stringList: { values: ['@acme.com'] } },
};
const inBeta = { operator: 'IN_SEG', valueToMatch: { string: 'beta' } };

beforeAll(async () => {
  environment = await app.environment();
  await environment.commit(
    segment('beta'),
    {
      key: 'flag',
      configType: 'FEATURE_FLAG',
      valueType: 'BOOL',
      rows: [
        {
          values: [
            { criteria: [{ ...inBeta, operator: 'NOT_IN_SEG' }], value: { bool: true } },
            { criteria: [acme], value: { bool: true } },
            { value: { bool: false } },
          ],
        },
      ],
    },
    {
      key: 'secret',
      configType: 'CONFIG',
      valueType: 'STRING',
      rows: [{ values: [{ value: { string: 'hidden', confidential: true } }] }],
    },
    {
      key: 'rollout',
      configType: 'FEATURE_FLAG',
      valueType: 'BOOL',
      rows: [
        {
          values: [
            {
              value: {
                weightedValues: {
                  hashByPropertyName: 'user.key',
                  weightedValues: [
                    { weight: 1, value: { bool: true } },
                    { weight: 99, value: { bool: false } },
                  ],
                },
              },
            },
          ],
        },
      ],
    },
    {
      key: 'large',
      configType: 'CONFIG',
      valueType: 'INT',
      rows: [{ values: [{ value: { int: '9007199254740993' } }] }],
    },
    text('plain', 'x'),
    flag('other', true),
  );
});

const ask = (body: object) => app.admin('post', `/environments/${environment.id}/evaluate`).send(body);

interface Answer {
  readonly evaluations: readonly Record<string, unknown>[];
}

async function one(key: string, body: object = {}): Promise<Record<string, unknown>> {
  const answer = await ask({ keys: [key], ...body }).expect(200);
  return (answer.body as Answer).evaluations[0]!;
}

describe('an explained evaluation', () => {
  it('an explained evaluation has the rule that decided, and what each rule before it lacked', async () => {
    const earlier = {
      index: 0,
      text: 'when not in segment beta then true',
      failed: 'not in segment beta',
      segment: 'beta',
    };
    expect(await one('flag', { context: { email: 'a@acme.com' } })).toEqual({
      key: 'flag',
      reason: 'TARGETING_MATCH',
      value: true,
      text: 'true',
      rule: { index: 1, text: 'when user.email ends with @acme.com then true' },
      earlier: [earlier],
    });
    expect(await one('flag', { context: { user: { email: 'a@b.com' } } })).toMatchObject({
      value: false,
      rule: { index: 2, text: 'otherwise false' },
      earlier: [earlier, { index: 1, failed: 'user.email ends with @acme.com', actual: '"a@b.com"' }],
    });
    expect((await one('flag')).earlier).toEqual([
      earlier,
      {
        index: 1,
        text: 'when user.email ends with @acme.com then true',
        failed: 'user.email ends with @acme.com',
      },
    ]);
  });

  it('an explained evaluation takes typed contexts too', async () => {
    const contexts = [{ type: 'user', values: { email: { string: 'a@acme.com' } } }];
    expect(await one('flag', { contexts })).toMatchObject({ value: true });
  });

  it('an explained evaluation withholds a confidential value, in words too', async () => {
    const answer = await one('secret');
    expect(answer).toEqual({
      key: 'secret',
      reason: 'STATIC',
      confidential: true,
      rule: { index: 0, text: 'always (confidential)' },
      earlier: [],
    });
  });

  it('an explained evaluation is the same as that of providers', async () => {
    const { key } = await environment.clientKey();
    for (const targetingKey of ['a', 'b', 'c']) {
      const { body } = await app.http
        .post('/ofrep/v1/evaluate/flags/other')
        .set('X-API-Key', key)
        .send({ context: { targetingKey } });
      expect((await one('other', { context: { targetingKey } })).value).toBe(
        (body as { value: unknown }).value,
      );
    }
    expect(await one('rollout', { context: { targetingKey: 'a' } })).toMatchObject({
      reason: 'SPLIT',
      rule: { index: 0, text: 'always 1 % true, 99 % false by user.key' },
    });
  });

  it('an explained evaluation has integers that JSON would round as text', async () => {
    expect(await one('large')).toMatchObject({ value: '9007199254740993' });
  });

  it('an explained evaluation says why there is no value', async () => {
    expect(await one('nothing')).toEqual({
      key: 'nothing',
      reason: 'ERROR',
      unresolved: 'missing',
      earlier: [],
    });
  });

  it('explained evaluations are those of all configs in order of keys when none is named', async () => {
    const { evaluations } = (await ask({}).expect(200)).body as Answer;
    expect(evaluations.map(({ key }) => key)).toEqual([
      'beta',
      'flag',
      'large',
      'other',
      'plain',
      'rollout',
      'secret',
    ]);
  });

  it.each([
    ['keys', { keys: [] }],
    ['keys[0]', { keys: [7] }],
    ['contexts', { context: {}, contexts: [] }],
    ['contexts', { contexts: 7 }],
    ['context', { context: 'a' }],
    ['colour', { colour: 'red' }],
  ])('a request for explained evaluations is refused with the field %s', async (field, body) => {
    const { error } = (await ask(body).expect(400)).body as { error: { field: string } };
    expect(error.field).toBe(field);
  });

  it('a request for explained evaluations of an unknown environment is answered 404', async () => {
    await app.admin('post', '/environments/999999/evaluate').send({}).expect(404);
  });
});

describe('an evaluation of a change that is not made', () => {
  const changed = (...values: object[]) => ({
    key: 'flag',
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    rows: [{ values }],
  });
  const evaluate = (body: object) => app.admin('post', `/environments/${environment.id}/evaluate`).send(body);

  it('an evaluation of a change that is not made has the values after it, and changes nothing', async () => {
    const configs = [changed({ criteria: [inBeta], value: { bool: true } }, { value: { bool: false } })];
    const after = await evaluate({ configs }).expect(200);
    expect(after.body).toMatchObject({
      evaluations: [{ key: 'flag', value: true, rule: { index: 0, text: 'when in segment beta then true' } }],
    });
    const now = await evaluate({ keys: ['flag'] }).expect(200);
    expect(now.body).toMatchObject({ evaluations: [{ value: false, rule: { index: 2 } }] });
  });

  it('an evaluation of a change that is not made is refused as the change would be', async () => {
    const answer = await evaluate({ configs: [changed({ value: { string: 'no' } })] }).expect(400);
    expect(answer.body).toMatchObject({
      error: { code: 'value_type_mismatch', field: 'configs[0].rows[0].values[0].value' },
    });
  });

  it('an evaluation of a change that is not made may ask for other configs too', async () => {
    const configs = [changed({ value: { bool: true } })];
    const answer = await evaluate({ configs, keys: ['rollout', 'flag', 'none'] }).expect(200);
    const { evaluations } = answer.body as { evaluations: { key: string; reason: string }[] };
    expect(evaluations.map(({ key, reason }) => [key, reason])).toEqual([
      ['rollout', 'SPLIT'],
      ['flag', 'STATIC'],
      ['none', 'ERROR'],
    ]);
  });
});

describe('segments of an explained evaluation', () => {
  const named = (key: string, values: readonly object[]) => ({
    key,
    configType: 'SEGMENT',
    valueType: 'BOOL',
    rows: [{ values: [...values, { value: { bool: false } }] }],
  });
  const inSegment = (string: string, operator = 'IN_SEG') => ({ operator, valueToMatch: { string } });
  const when = (...criteria: object[]) => ({ criteria, value: { bool: true } });

  beforeAll(() =>
    environment.commit(
      named('segment.staff', [when(acme)]),
      named('segment.testers', [when(inSegment('segment.staff'))]),
      named('segment.early', [when(inSegment('segment.testers'))]),
      {
        ...named('nested', [
          when(inSegment('segment.early')),
          when(inSegment('segment.staff', 'NOT_IN_SEG')),
        ]),
        configType: 'FEATURE_FLAG',
      },
    ),
  );

  const segmentsFor = async (email: string): Promise<Record<string, unknown>[]> => {
    const { body } = await ask({ keys: ['nested'], context: { email } }).expect(200);
    return (body as { segments: Record<string, unknown>[] }).segments;
  };

  it('a condition on a segment in a segment is explained down to the attribute that decides', async () => {
    expect(await segmentsFor('a@b.com')).toEqual(
      ['early', 'staff', 'testers'].map((name) => ({
        key: `segment.${name}`,
        member: false,
        rule: { index: 1, text: 'otherwise false' },
        earlier: [
          name === 'staff'
            ? {
                index: 0,
                text: 'when user.email ends with @acme.com then true',
                failed: 'user.email ends with @acme.com',
                actual: '"a@b.com"',
              }
            : {
                index: 0,
                text: `when in segment segment.${name === 'early' ? 'testers' : 'staff'} then true`,
                failed: `in segment segment.${name === 'early' ? 'testers' : 'staff'}`,
                segment: `segment.${name === 'early' ? 'testers' : 'staff'}`,
              },
        ],
      })),
    );
  });

  it('a segment that several configs ask for is explained once in an answer', async () => {
    const body = { keys: ['nested', 'segment.early', 'segment.testers'], context: { email: 'a@b.com' } };
    const answer = (await ask(body).expect(200)).body as { segments: { key: string }[] };
    expect(answer.segments.map(({ key }) => key).sort()).toEqual([
      'segment.early',
      'segment.staff',
      'segment.testers',
    ]);
  });

  it('a rule that decided by a segment in a segment is explained down to the attribute that decides', async () => {
    const flagOfEarly = {
      key: 'ours',
      configType: 'FEATURE_FLAG',
      valueType: 'BOOL',
      rows: [{ values: [when(inSegment('segment.testers')), { value: { bool: false } }] }],
    };
    const body = { configs: [flagOfEarly], context: { email: 'a@acme.com' } };
    const answer = (await ask(body).expect(200)).body as { evaluations: object[]; segments: object[] };
    expect(answer.evaluations).toMatchObject([{ value: true, rule: { segments: ['segment.testers'] } }]);
    expect(answer.segments).toEqual([
      {
        key: 'segment.testers',
        member: true,
        rule: { index: 0, text: 'when in segment segment.staff then true', segments: ['segment.staff'] },
        earlier: [],
      },
      {
        key: 'segment.staff',
        member: true,
        rule: { index: 0, text: 'when user.email ends with @acme.com then true' },
        earlier: [],
      },
    ]);
  });

  it('a context that is in a segment which a rule excludes is told the rule of the segment', async () => {
    const values = [when(inSegment('segment.testers', 'NOT_IN_SEG')), { value: { bool: false } }];
    const flagOfOthers = { key: 'others', configType: 'FEATURE_FLAG', valueType: 'BOOL', rows: [{ values }] };
    const body = { configs: [flagOfOthers], context: { email: 'a@acme.com' } };
    const answer = (await ask(body).expect(200)).body as { segments: object[] };
    expect(answer.segments).toMatchObject([
      {
        key: 'segment.testers',
        member: true,
        rule: { index: 0, text: 'when in segment segment.staff then true' },
        earlier: [],
      },
      { key: 'segment.staff', member: true },
    ]);
  });
});
