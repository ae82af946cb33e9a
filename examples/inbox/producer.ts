/**
 * Adds a ruleset change to Holdfast's inbox. docs/protocol.md, "Inbox", says what may be in it.
 *
 *     REDIS_URL=redis://127.0.0.1:6379 npx tsx examples/inbox/producer.ts ENVIRONMENT EVENT < examples/inbox/change.json
 *
 * EVENT is your own id of the change: adding it again, say because the answer was lost, has no
 * effect.
 */
import { text } from 'node:stream/consumers';
import { Redis } from 'ioredis';

const [environment, event] = process.argv.slice(2);
if (environment === undefined || event === undefined) {
  throw new Error('usage: producer.ts ENVIRONMENT EVENT < CHANGE.json');
}
const change = await text(process.stdin);

const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379');
try {
  // For protobuf: 'configs' and a Buffer with the encoded Configs, in place of 'json' and its text.
  const fields = ['environment', environment, 'event', event, 'json', change];
  console.log(await redis.xadd('{holdfast}:inbox', '*', ...fields));
} finally {
  redis.disconnect();
}
