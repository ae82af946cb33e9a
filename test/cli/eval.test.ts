/** `eval`, against a node. */
import { beforeAll, describe, expect, it } from 'vitest';
import { contextOf } from '../../src/cli/commands/eval.js';
import { ADMIN_TOKEN } from '../support/app.js';
import { sharedApp } from '../support/shared.js';
import { run } from './run.js';

const app = sharedApp();
let env: Record<string, string>;

beforeAll(async () => {
  const environment = await app.environment();
  const criteria = [
    {
      propertyName: 'user.email',
      operator: 'PROP_ENDS_WITH_ONE_OF',
      valueToMatch: { stringList: { values: ['@acme.com'] } },
    },
  ];
  const values = [{ criteria, value: { bool: true } }, { value: { bool: false } }];
  const inSegment = (name: string) => ({ operator: 'IN_SEG', valueToMatch: { string: name } });
  const otherwise = { value: { bool: false } };
  const segments = [
    { key: 'staff', values: [{ criteria, value: { bool: true } }, otherwise] },
    { key: 'testers', values: [{ criteria: [inSegment('staff')], value: { bool: true } }, otherwise] },
  ];
  const segmented = [
    { criteria: [inSegment('testers')], value: { bool: true } },
    { criteria: [inSegment('staff')], value: { bool: true } },
    otherwise,
  ];
  await environment.commit(
    ...segments.map(({ key, values: of }) => ({
      key,
      configType: 'SEGMENT',
      valueType: 'BOOL',
      rows: [{ values: of }],
    })),
    { key: 'preview', configType: 'FEATURE_FLAG', valueType: 'BOOL', rows: [{ values: segmented }] },
  );
  await environment.commit({
    key: 'banner',
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    rows: [{ values }],
  });
  env = { HOLDFAST_URL: app.url, HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN, HOLDFAST_ENVIRONMENT: environment.id };
});

describe('eval', () => {
  it('eval prints the value, the rule that decided, and what the rules before it lacked', async () => {
    const { code, out, err } = await run(['eval', 'banner', '--context', 'user.email=a@b.com'], { env });
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      'banner is false (TARGETING_MATCH)',
      '  ✗ 1. when user.email ends with @acme.com then true',
      '       not so: user.email ends with @acme.com (the context has "a@b.com")',
      '  ✓ 2. otherwise false',
      '',
    ]);
  });

  it('eval explains a segment inside of a segment, each of them once', async () => {
    const { out } = await run(['eval', 'preview', '--context', 'user.email=a@b.com'], { env });
    expect(out.split('\n')).toEqual([
      'preview is false (TARGETING_MATCH)',
      '  ✗ 1. when in segment testers then true',
      '       not so: in segment testers',
      '         ✗ 1. when in segment staff then true',
      '              not so: in segment staff',
      '                ✗ 1. when user.email ends with @acme.com then true',
      '                     not so: user.email ends with @acme.com (the context has "a@b.com")',
      '                ✓ 2. otherwise false',
      '         ✓ 2. otherwise false',
      '  ✗ 2. when in segment staff then true',
      '       not so: in segment staff (as above)',
      '  ✓ 3. otherwise false',
      '',
    ]);
  });

  it('eval takes several attributes, and prints JSON when that is asked for', async () => {
    const argv = ['eval', 'banner', '--context', 'user.key=1', '--context', 'email=a@acme.com', '--json'];
    const { out } = await run(argv, { env });
    expect(JSON.parse(out)).toMatchObject({ key: 'banner', value: true, rule: { index: 0 }, earlier: [] });
  });

  it('eval says that there is no such config, and names attributes that no rule could read', async () => {
    const { out, err } = await run(['eval', 'nothing', '--context', 'a=[[1]]'], { env });
    expect(out).toBe('nothing has no value: there is no such config\n');
    expect(err).toBe('context.a is ignored: no rule could read it.\n');
  });

  it('eval reads numbers, booleans and lists as such, and everything else as text', () => {
    const texts = [
      'a=1',
      'b=true',
      'c=["x"]',
      'd=x=y',
      'e="1"',
      'f=90071992547409931',
      'g=',
      'h=1.2.3',
      'i=01',
    ];
    expect({ ...contextOf(texts) }).toEqual({
      a: 1,
      b: true,
      c: ['x'],
      d: 'x=y',
      e: '1',
      f: '90071992547409931',
      g: '',
      h: '1.2.3',
      i: '01',
    });
  });

  it.each([['novalue'], ['=x']])('eval refuses the attribute %s with the remedy', async (attribute) => {
    const { code, err } = await run(['eval', 'banner', '--context', attribute], { env });
    expect(code).toBe(2);
    expect(err).toContain('user.email=a@acme.com');
  });
});
