/**
 * A flag in a server, by OpenFeature's unmodified SDK and OFREP provider. Each evaluation is one
 * request to Holdfast.
 */
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';

/** @param baseUrl of Pushpin, or of a node */
export async function connect(baseUrl: string, key: string): Promise<void> {
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl, headers: [['X-API-Key', key]] }));
}

export async function greeting(userId: string, plan: string): Promise<string> {
  const client = OpenFeature.getClient();
  // Rules see these as user.key and user.plan.
  return client.getStringValue('greeting', 'hello', { targetingKey: userId, 'user.plan': plan });
}
