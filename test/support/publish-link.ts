/**
 * A link in front of a proxy's publish port that can lose things: it speaks HTTP, so that it can
 * lose a request and yet answer as if it had been delivered.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

export type LinkFault =
  | 'none'
  | 'lose' // answers 200 and delivers nothing
  | 'refuse' // answers 503 and delivers nothing
  | 'limit' // answers 429 with Retry-After: 1 and delivers nothing
  | 'cut' // closes the connection without an answer
  | 'forget' // delivers, then closes the connection without an answer
  | 'slow' // delivers after `delay`
  | 'late' // closes the connection without an answer, and delivers after `delay` all the same
  | 'twice' // delivers two times
  | 'reorder'; // answers 200, and delivers when the next one was delivered, or after `delay`

export interface PublishLink {
  /** In place of the proxy's `publishUrl`. */
  readonly url: string;
  /** Where it leads. */
  forwardTo(publishUrl: string): void;
  /** The treatment of requests from now on. */
  fault: LinkFault;
  /** For the faults that need one, milliseconds; default 500. */
  delay: number;
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
  const requests = new Requests();
  const server = createServer((request, response) => {
    requests.handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(requests, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

class Requests {
  fault: LinkFault = 'none';
  delay = 500;
  faulted = 0;
  readonly delivered: PublishedItem[] = [];
  #target = '';
  /** Delivers the request that was answered and waits for another to overtake it. */
  #overtaken: (() => Promise<void>) | undefined;

  forwardTo(publishUrl: string): void {
    this.#target = publishUrl;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const { fault } = this;
    if (fault !== 'none') this.faulted++;
    switch (fault) {
      case 'lose':
        response.end('Published\n');
        return;
      case 'refuse':
        response.writeHead(503).end();
        return;
      case 'limit':
        response.writeHead(429, { 'retry-after': '1' }).end();
        return;
      case 'cut':
        response.destroy();
        return;
      case 'forget':
        await this.#deliver(body);
        response.destroy();
        return;
      case 'late':
        response.destroy();
        await pause(this.delay);
        await this.#deliver(body);
        return;
      case 'slow':
        await pause(this.delay);
        return this.#pass(body, response);
      case 'twice':
        await this.#deliver(body);
        return this.#pass(body, response);
      case 'reorder':
        return this.#reorder(body, response);
      case 'none':
        return this.#pass(body, response);
    }
  }

  async #reorder(body: string, response: ServerResponse): Promise<void> {
    const overtaken = this.#overtaken;
    if (overtaken !== undefined) {
      await this.#pass(body, response);
      return overtaken();
    }
    const late = async (): Promise<void> => {
      if (this.#overtaken !== late) return;
      this.#overtaken = undefined;
      await this.#deliver(body);
    };
    this.#overtaken = late;
    response.end('Published\n');
    await pause(this.delay);
    await late();
  }

  async #pass(body: string, response: ServerResponse): Promise<void> {
    const { status, reply } = await this.#deliver(body);
    response.writeHead(status).end(reply);
  }

  async #deliver(body: string): Promise<{ status: number; reply: string }> {
    const answer = await fetch(`${this.#target}/publish/`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    if (answer.ok) this.delivered.push(...(JSON.parse(body) as { items: PublishedItem[] }).items);
    return { status: answer.status, reply: await answer.text() };
  }
}
