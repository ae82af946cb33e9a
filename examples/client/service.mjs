/**
 * A service that reads its flags with the client library. URLS are servers that have the ruleset,
 * in the order in which they are asked; KEY is an API key of kind server.
 *
 *     URLS=http://127.0.0.1:8080 KEY=… node examples/client/service.mjs
 */
import { createClient } from 'holdfast/client';
import { inFile } from 'holdfast/client/node';

const { URLS = 'http://127.0.0.1:8080', KEY = '' } = process.env;

const client = createClient({
  key: KEY,
  sources: URLS.split(','),
  // The last good ruleset is there again after a restart, also when no source is.
  lastGood: inFile('./data/flags'),
});

// Not an error that ends a service: without a ruleset each call gets its default, and the client
// goes on trying.
await client.ready().catch((error) => console.warn(error.message));

const user = { key: 'user-123', plan: 'pro' };
const show = () => console.log(`greeting: ${client.get('greeting', { user }, 'hello')}`);
show();
client.onChange(({ version, keys }) => {
  console.log(`version ${version} changes ${keys.join(', ')}`);
  show();
});

process.once('SIGTERM', () => void client.close());
