/**
 * The obvious loop over @fanoutio/grip: one POST per item, one after the other. A process of its
 * own, also because that package publishes with Node's own fetch, which no longer accepts its
 * headers once another version of undici is loaded.
 */
import { HttpStreamFormat, Item, Publisher } from '@fanoutio/grip';
import { changeItems } from '../src/publish/outbox/items.js';
import { Changes } from './changes.js';

export interface LoopStart {
  /** Where items are published, without `/publish/`. */
  readonly publishUrl: string;
  readonly firstEnvironment: number;
}

interface ItemJson {
  readonly channel: string;
  readonly id: string;
  readonly 'prev-id': string;
  readonly formats: { readonly 'http-stream': { readonly content: string } };
}

const start = JSON.parse(process.argv[2]!) as LoopStart;
const publisher = new Publisher({ control_uri: start.publishUrl });
const changes = new Changes(start.firstEnvironment);

/** Resolves to items a second. The items are ready before the clock starts. */
async function publish(count: number): Promise<number> {
  const items = changes.next(count).map((change) => gripItem(changeItems(change)[0]!.json));
  const from = performance.now();
  for (const { channel, item } of items) await publisher.publish(channel, item);
  return count / ((performance.now() - from) / 1000);
}

function gripItem(json: string): { channel: string; item: Item } {
  const { channel, id, 'prev-id': previous, formats } = JSON.parse(json) as ItemJson;
  return { channel, item: new Item(new HttpStreamFormat(formats['http-stream'].content), id, previous) };
}

process.on('message', (count: number) => void publish(count).then((rate) => process.send!(rate)));
process.on('disconnect', () => process.exit());
