/**
 * A real HTTP server in the place of a proxy's publish endpoint: it remembers what it is told, and
 * answers as the test says.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface PublishedItem {
  readonly channel: string;
  readonly id?: string;
  readonly 'prev-id'?: string;
  readonly formats: { readonly 'http-stream': { readonly content?: string; readonly action?: string } };
}

export interface PublishRequest {
  readonly request: IncomingMessage;
  readonly body: string;
  readonly items: readonly PublishedItem[];
}

export interface PublishEndpoint {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** All requests, whatever they were answered with. */
  readonly requests: PublishRequest[];
  /** The items of those that were accepted (2xx), in order. */
  readonly accepted: PublishedItem[];
  /** Connections that were opened in all. */
  connections(): number;
  /** Those that are open now. */
  connected(): number;
  /** From now on; the default accepts with 200 and `Published\n`, as Pushpin does. */
  answer(handler: (response: ServerResponse, request: PublishRequest) => void): void;
  /** Stops listening and cuts all connections; `open` listens on the same port again. */
  cut(): Promise<void>;
  open(): Promise<void>;
}

export async function startPublishEndpoint(): Promise<PublishEndpoint> {
  const requests: PublishRequest[] = [];
  const accepted: PublishedItem[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let handler: (response: ServerResponse, request: PublishRequest) => void = accept;
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const read = { request, body, items: itemsOf(body) };
      requests.push(read);
      response.on('finish', () => {
        if (response.statusCode < 300) accepted.push(...read.items);
      });
      handler(response, read);
    });
  });
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  let port = 0;
  const open = async (): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    port = (server.address() as AddressInfo).port;
  };
  await open();
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    accepted,
    connections: () => connections,
    connected: () => sockets.size,
    answer: (given) => (handler = given),
    cut: async () => {
      if (!server.listening) return;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
    },
    open,
  };
}

export function accept(response: ServerResponse): void {
  response.end('Published\n');
}

/** An item as short text: `7: 3→5`, `7: →5` for a resync, `key-a close`. */
export function itemText({ channel, id, 'prev-id': previous }: PublishedItem): string {
  return id === undefined
    ? `${channel} close`
    : `${channel.replace('environment-', '')}: ${previous ?? ''}→${id}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function itemsOf(body: string): PublishedItem[] {
  return (JSON.parse(body) as { items: PublishedItem[] }).items;
}
