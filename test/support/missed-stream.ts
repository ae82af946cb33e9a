/**
 * The failure that this project began with, in small: an origin whose stream is answered 200 and
 * ends after 25 ms, as a cache answers that has a finished copy of a stream and takes it for fresh.
 */
import { concat, encodeConfig, encodeEnvelope } from '../../src/ruleset/codec.js';
import { flag } from './configs.js';
import { startOrigin } from './origin.js';

/** The duration of the stream, milliseconds. */
export const LASTS = 25;

export interface MissedStream {
  readonly url: string;
  /** Requests for the stream so far. */
  connections(): number;
  close(): Promise<void>;
}

export async function startMissedStream(): Promise<MissedStream> {
  const envelope = encodeEnvelope({ id: 1n, projectId: 1n });
  const config = encodeConfig({ ...flag('a', true), id: '5', projectId: '1' });
  const snapshot = Buffer.from(concat([config], envelope));
  const origin = await startOrigin((request, response) => {
    if (request.url?.startsWith('/api/v1/configs/') === true) {
      response.setHeader('ETag', '"1-5"').end(snapshot);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('\n: holdfast\n');
    setTimeout(() => response.end(), LASTS);
  });
  return {
    url: `http://127.0.0.1:${origin.port}`,
    connections: () => origin.requests.filter(({ url }) => url === '/api/v1/sse/config').length,
    close: () => origin.close(),
  };
}
