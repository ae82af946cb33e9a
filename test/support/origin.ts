/** A tiny origin behind a GRIP proxy, for tests of the proxy itself. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Origin {
  /** `host:port`, as routes name it. */
  readonly target: string;
  readonly port: number;
  /** The requests so far, without those to /livez. */
  readonly requests: readonly IncomingMessage[];
  close(): Promise<void>;
}

/** Starts an origin on a free port, or on one that an earlier one had. */
export async function startOrigin(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
): Promise<Origin> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    if (request.url !== '/livez') requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    target: `127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers with a hold on one channel, after a first comment. */
export function holdOn(channel: string): (request: IncomingMessage, response: ServerResponse) => void {
  return (_request, response) => {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'grip-hold': 'stream',
      'grip-channel': channel,
    });
    response.end(':\n\n');
  };
}
