/** The unmodified OpenFeature provider, with attributes as tutorials write them. */
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature, type EvaluationContext } from '@openfeature/server-sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sharedApp } from '../support/shared.js';

const app = sharedApp();
const DOMAIN = 'provider-test';

const ofAcme = {
  propertyName: 'user.email',
  operator: 'PROP_ENDS_WITH_ONE_OF',
  valueToMatch: { stringList: { values: ['@acme.com'] } },
};

beforeAll(async () => {
  const environment = await app.environment();
  const values = [{ criteria: [ofAcme], value: { bool: true } }, { value: { bool: false } }];
  await environment.commit({
    key: 'for-acme',
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    rows: [{ values }],
  });
  const { key } = await environment.clientKey();
  const provider = new OFREPProvider({ baseUrl: app.url, headers: [['X-API-Key', key]] });
  await OpenFeature.setProviderAndWait(DOMAIN, provider);
});

afterAll(() => OpenFeature.clearProviders());

it.each<[string, EvaluationContext, boolean]>([
  ['a bare attribute', { targetingKey: 'u1', email: 'a@acme.com' }, true],
  ['one of the user, which wins over a bare one', { email: 'a@acme.com', user: { email: 'a@b.com' } }, false],
  ['an object in a list next to it', { email: 'a@acme.com', orders: [{ id: 1 }] }, true],
])('a rule on user.email reads, from an OpenFeature provider, %s', async (_what, context, value) => {
  const details = await OpenFeature.getClient(DOMAIN).getBooleanDetails('for-acme', !value, context);
  expect(details).toMatchObject({ value, reason: 'TARGETING_MATCH' });
});
