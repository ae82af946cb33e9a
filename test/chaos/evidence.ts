/** Stores and clients as the checks of the harness see them, written down in numbers. */
import { Journal, type ReceivedConfig } from '../../chaos/clients/journal.js';
import { makeTruth, type Loss, type Truth } from '../../chaos/truth.js';

export const ENV = 1n;

export function config(key: string, id: number): ReceivedConfig {
  return { key, id: BigInt(id), deleted: false, digest: `${key} ${id}` };
}

/** A store after these commits: each has configs as key and id, and may be a writer's. */
export function truthOf(
  changes: { token?: string; configs: [string, number][] }[],
  loss: Loss = 'none',
): Truth {
  let previous = 0n;
  const history = changes.map(({ token, configs }) => {
    const received = configs.map(([key, id]) => {
      const text = key === 'writer.w1' ? token : `${key} ${id}`;
      return { ...config(key, id), text, content: text ?? '', uses: [], isBoolean: false };
    });
    const version = BigInt(configs.at(-1)![1]);
    const change = {
      environment: ENV,
      previous,
      version,
      at: Infinity,
      configs: received,
      context: undefined,
    };
    previous = version;
    return change;
  });
  const last = new Map(history.flatMap(({ configs }) => configs).map((each) => [each.key, each]));
  const configs = new Map(
    [...last].map(([key, each]) => [key, { ...each, value: each.text, content: each.text ?? '' }]),
  );
  const rulesets = new Map([[ENV, { version: previous, context: undefined, configs }]]);
  return makeTruth({ rulesets, history, loss, rejected: new Set(), givenUp: new Set(), waiting: 0 });
}

/** A client that received these events over one connection: each has an id and its configs. */
export function journalOf(...events: [number, [string, number][]][]): Journal {
  const journal = new Journal('the client', ENV, { kind: 'pushpin', index: 0 });
  const connection = journal.open(0n);
  for (const [id, configs] of events) {
    const received = configs.map(([key, at]) => config(key, at));
    journal.take(connection, { id: BigInt(id), configs: received });
  }
  return journal;
}

export const texts = (found: readonly { text: string }[]): string => found.map(({ text }) => text).join('\n');
