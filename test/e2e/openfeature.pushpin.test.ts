/**
 * OpenFeature on real parts: Redis, Pushpin and two nodes; clients are the unmodified npm SDKs and OFREP providers, with a key of kind client.
 * docs/openfeature.md says what is shown here.
 */
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature, type Client } from '@openfeature/server-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLAGS } from '../ofrep/flags.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

let stack: Stack;
let environment = 0;
let key: string;

beforeAll(async () => {
  stack = await startStack({ nodes: 2 });
  environment = await stack.createEnvironment();
  ({ key } = await stack.createKey(environment, 'client'));
  await stack.commit(environment, [...FLAGS]);
});

afterAll(async () => {
  await OpenFeature.close();
  await stack.stop();
});

describe('the unmodified server provider behind Pushpin', () => {
  let client: Client;
  const user = { targetingKey: 'user-123', user: { plan: 'pro' } };

  beforeAll(async () => {
    const provider = new OFREPProvider({ baseUrl: stack.url, headers: [['X-API-Key', key]] });
    await OpenFeature.setProviderAndWait('with a key', provider);
    client = OpenFeature.getClient('with a key');
  });

  it('has values of every type', async () => {
    expect(await client.getBooleanValue('bool', false, user)).toBe(true);
    expect(await client.getStringValue('string', '', user)).toBe('hello');
    expect(await client.getNumberValue('int', 0, user)).toBe(42);
    expect(await client.getNumberValue('double', 0, user)).toBe(1.5);
    expect(await client.getObjectValue('object', {}, user)).toEqual({ a: [1, 9007199254740992] });
    expect(await client.getObjectValue('array', [], user)).toEqual([1, 2]);
    expect(await client.getObjectValue('list', [], user)).toEqual(['a', 'b']);
    expect(await client.getStringValue('duration', '', user)).toBe('PT1.5S');
    expect(await client.getStringValue('log-level', '', user)).toBe('INFO');
  });

  it('has reasons, variants and metadata, as the rules decide for the context', async () => {
    expect(await client.getStringDetails('targeted', '', user)).toMatchObject({
      value: 'gold',
      variant: 'gold',
      reason: 'TARGETING_MATCH',
      flagMetadata: { type: 'FEATURE_FLAG', valueType: 'STRING', conditionalValueIndex: 0 },
    });
    const free = { targetingKey: 'user-123', 'user.plan': 'free' };
    expect(await client.getStringDetails('targeted', '', free)).toMatchObject({ value: 'plain' });
    expect(await client.getBooleanDetails('named', false, user)).toMatchObject({
      variant: 'treatment',
      reason: 'STATIC',
    });
    expect(await client.getStringDetails('split', '', user)).toMatchObject({ reason: 'SPLIT' });
  });

  it('gives the default of the code where there is no value, and says why', async () => {
    const details = async (flag: string, context: object = user) => {
      const { value, reason, errorCode } = await client.getStringDetails(
        flag,
        'default',
        context as typeof user,
      );
      return { value, reason, errorCode };
    };
    const failed = (errorCode: string) => ({ value: 'default', reason: 'ERROR', errorCode });
    expect(await details('no.such.flag')).toEqual(failed('FLAG_NOT_FOUND'));
    expect(await details('hidden')).toEqual(failed('FLAG_NOT_FOUND'));
    expect(await details('provided')).toEqual(failed('FLAG_NOT_FOUND'));
    expect(await details('bytes')).toEqual(failed('PARSE_ERROR'));
    expect(await details('bool')).toEqual(failed('TYPE_MISMATCH'));
    expect(await details('split', { plan: 'pro' })).toEqual(failed('TARGETING_KEY_MISSING'));
    expect(await details('string', { roles: [['admin']] })).toEqual(failed('INVALID_CONTEXT'));
    // This provider takes an answer without a value for a broken one. The application gets its default all the same.
    expect(await details('unmatched', { 'user.plan': 'free' })).toEqual(failed('GENERAL'));
  });

  it('sees a change with its next question', async () => {
    const [flag] = FLAGS.filter(({ key: name }) => name === 'string');
    await stack.commit(environment, [{ ...flag!, rows: [{ values: [{ value: { string: 'changed' } }] }] }]);
    await until('the change', async () => (await client.getStringValue('string', '', user)) === 'changed');
  });

  it('says that it may not, with a key that is revoked', async () => {
    const revoked = await stack.createKey(environment, 'client');
    await stack.admin(`/admin/v1/keys/${revoked.id}`, { method: 'DELETE' });
    const provider = new OFREPProvider({
      baseUrl: stack.url,
      headers: [['Authorization', `Bearer ${revoked.key}`]],
    });
    await OpenFeature.setProviderAndWait('revoked', provider);
    const details = await OpenFeature.getClient('revoked').getBooleanDetails('bool', false, user);
    expect(details).toMatchObject({ value: false, reason: 'ERROR', errorCode: 'GENERAL' });
  });
});
