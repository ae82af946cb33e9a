/**
 * The failure that this project began with: streams that are answered 200 and end after 25 ms. How
 * often each kind of client asks an origin that does that, side by side in the same time.
 */
import { Prefab } from '@prefab-cloud/prefab-cloud-node';
import { EventSource } from 'eventsource';
import { createClient } from '../src/client/index.js';
import { startMissedStream, type MissedStream } from '../test/support/missed-stream.js';

const KEY = 'any-key';

export interface MissRate {
  readonly client: string;
  /** Requests for the stream in each minute, the first one first. */
  readonly perMinute: readonly number[];
}

/** Starts a client of an origin; the answer ends it. */
type Start = (url: string) => Promise<() => unknown>;

const kinds: Readonly<Record<string, Start>> = {
  '@prefab-cloud/prefab-cloud-node': async (url) => {
    const prefab = new Prefab({
      apiKey: KEY,
      sources: [url],
      enableSSE: true,
      enablePolling: false,
      collectLoggerCounts: false,
      contextUploadMode: 'none',
      collectEvaluationSummaries: false,
    });
    await prefab.init();
    return () => prefab.close();
  },
  'EventSource (package eventsource)': (url) => {
    const source = new EventSource(`${url}/api/v1/sse/config`);
    return Promise.resolve(() => source.close());
  },
  'holdfast/client': async (url) => {
    const client = createClient({ key: KEY, sources: [url], onWarning: () => undefined });
    await client.ready();
    return () => client.close();
  },
};

export async function measureStreamingMiss(minutes: number): Promise<MissRate[]> {
  const names = Object.keys(kinds);
  const origins = await Promise.all(names.map(() => startMissedStream()));
  const ends = await Promise.all(names.map((name, index) => kinds[name]!(origins[index]!.url)));
  const counts: number[][] = names.map(() => []);
  try {
    for (let minute = 0; minute < minutes; minute++) {
      const before = origins.map((origin) => (minute === 0 ? 0 : origin.connections()));
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      origins.forEach((origin, index) => counts[index]!.push(origin.connections() - before[index]!));
    }
  } finally {
    await Promise.all(ends.map((end) => end()));
    await Promise.all(origins.map((origin: MissedStream) => origin.close()));
  }
  return names.map((client, index) => ({ client, perMinute: counts[index]! }));
}
