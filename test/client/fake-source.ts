/** A source whose answers the test decides: real HTTP, on 127.0.0.1. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { concat, encodeConfig, encodeEnvelope } from '../../src/ruleset/codec.js';
import type { Config } from '../../src/ruleset/model.js';
import { startOrigin } from '../support/origin.js';

export const ENVIRONMENT = 7n;

export type Handler = (response: ServerResponse, request: IncomingMessage) => void;

export interface FakeSource {
  readonly url: string;
  /**
   * All requests so far, in order: method, path and the headers that say where the client
   * stands.
   */
  readonly requests: readonly { path: string; known: string | undefined; from: string | undefined }[];
  /** The number of these that were for the stream. */
  connections(): number;
  snapshot: Handler;
  stream: Handler;
  close(): Promise<void>;
}

/** Until told otherwise it has one flag, `a`, at version 5, and a stream that is silent. */
export async function startSource(port = 0): Promise<FakeSource> {
  const requests: { path: string; known: string | undefined; from: string | undefined }[] = [];
  const source = {
    snapshot: snapshotOf(5, boolean('a', 5)),
    stream: streamOf(''),
  };
  const origin = await startOrigin((request, response) => {
    const path = request.url ?? '';
    const header = (name: string) => request.headers[name] as string | undefined;
    requests.push({ path, known: header('if-none-match'), from: header('last-event-id') });
    if (path.endsWith('/api/v1/sse/config')) source.stream(response, request);
    else source.snapshot(response, request);
  }, port);
  return Object.assign(source, {
    url: `http://127.0.0.1:${origin.port}`,
    requests,
    connections: () => requests.filter(({ path }) => path.endsWith('/sse/config')).length,
    close: () => origin.close(),
  });
}

/** A boolean flag with an id. */
export function boolean(key: string, id: number | bigint, value = true): Config {
  return {
    id: `${id}`,
    projectId: '1',
    key,
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    rows: [{ values: [{ value: { bool: value } }] }],
  };
}

/** A `Configs` as a source sends it. */
export function configs(list: readonly Config[], environment = ENVIRONMENT): Buffer {
  const envelope = encodeEnvelope({ id: environment, projectId: 1n });
  return Buffer.from(concat(list.map(encodeConfig), envelope));
}

/** Answers with these configs, whatever version is asked for, as a source at that version. */
function snapshotOf(version: number | bigint, ...list: Config[]): Handler {
  return (response, request) => {
    const etag = `"${ENVIRONMENT}-${version}"`;
    response.setHeader('ETag', etag);
    if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.end(configs(list));
  };
}

/** Opens a stream, writes these pieces, each in a write of its own, and stays silent. */
export function streamOf(...pieces: (string | Buffer)[]): Handler {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    void (async () => {
      for (const piece of pieces) {
        response.write(piece);
        // A turn of the event loop, so that each is a chunk of its own.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
  };
}

/** The `data` of an event that carries these configs. */
export function dataOf(...list: Config[]): string {
  return configs(list).toString('base64');
}
