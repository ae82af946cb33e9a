/**
 * A link in front of a proxy's publish port that can lose things: it speaks HTTP, so that it can lose a request and yet answer as if it
 * had been delivered.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export type LinkFault =
  | 'none'
  | 'lose' // answers 200 and delivers nothing
  | 'refuse' // answers 503 and delivers nothing
  | 'cut' // closes the connection without an answer
  | 'forget'; // delivers, then closes the connection without an answer

export interface PublishLink {
  /** In place of the proxy's `publishUrl`. */
  readonly url: string;
  /** Where it leads. */
  forwardTo(publishUrl: string): void;
  /** What happens to requests from now on. */
  fault: LinkFault;
  /** Requests that a fault met. */
  readonly faulted: number;
  /** Items that were delivered, parsed. */
  readonly delivered: readonly PublishedItem[];
  stop(): Promise<void>;
}

export interface PublishedItem {
  readonly channel: string;
  readonly id?: string;
  readonly 'prev-id'?: string;
  readonly formats: Readonly<Record<string, unknown>>;
}

export async function startPublishLink(): Promise<PublishLink> {
  let target = '';
  let faulted = 0;
  const delivered: PublishedItem[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const { fault } = link;
    if (fault !== 'none') faulted++;
    if (fault === 'cut') response.destroy();
    else if (fault === 'lose') response.end('Published\n');
    else if (fault === 'refuse') response.writeHead(503).end();
    else {
      const answer = await fetch(`${target}/publish/`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      if (answer.ok) delivered.push(...(JSON.parse(body) as { items: PublishedItem[] }).items);
      const reply = await answer.text();
      if (fault === 'forget') response.destroy();
      else response.writeHead(answer.status).end(reply);
    }
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const link: PublishLink = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forwardTo: (publishUrl) => (target = publishUrl),
    fault: 'none',
    get faulted() {
      return faulted;
    },
    delivered,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return link;
}
