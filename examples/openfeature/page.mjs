/**
 * A flag in a page, by OpenFeature's unmodified SDK and OFREP provider: all flags in one request,
 * and an event stream that tells of changes.
 */
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { ClientProviderEvents, OpenFeature } from '@openfeature/web-sdk';

/**
 * @param {string} baseUrl of Pushpin, or of a node
 * @param {string} key of kind client: everybody can read it in the page
 * @param {(text: string) => void} show called with the flag's value, and again with each that it
 *   changes to
 */
export async function follow(baseUrl, key, show) {
  // Rules see these as user.key and user.plan.
  await OpenFeature.setContext({ targetingKey: 'user-123', user: { plan: 'pro' } });
  await OpenFeature.setProviderAndWait(new OFREPWebProvider({ baseUrl, headers: [['X-API-Key', key]] }));
  const client = OpenFeature.getClient();
  const look = () => show(client.getStringValue('greeting', 'hello'));
  client.addHandler(ClientProviderEvents.ConfigurationChanged, look);
  look();
}
