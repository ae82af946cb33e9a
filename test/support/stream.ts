/**
 * Reads answers to proxies by their exact bytes and headers; whatever is not as docs/protocol.md
 * has it is an error.
 */
import type { Response } from 'supertest';
import { decodeConfigs } from '../../src/ruleset/codec.js';
import type { Configs } from '../../src/ruleset/model.js';

export interface ReadEvent {
  readonly id: string;
  readonly configs: Configs;
  /** All of it, up to and with its blank line. */
  readonly text: string;
}

export interface ReadBody {
  /**
   * The value of `retry:`, milliseconds; `undefined` when the body does not begin as a stream does.
   */
  readonly retry: number | undefined;
  readonly events: readonly ReadEvent[];
}

const START = /^\n: [a-z]+\nretry: (\d+)\n/;
const EVENT = /^data: ([A-Za-z0-9+/]+={0,2})\nid: (\d+)\n\n/;

export function readBody(body: string): ReadBody {
  const start = START.exec(body);
  const events: ReadEvent[] = [];
  let rest = body.slice(start?.[0].length ?? 0);
  while (rest !== '') {
    const [text, data = '', id = ''] = EVENT.exec(rest) ?? [];
    if (text === undefined) throw new Error(`not an event: ${JSON.stringify(rest.slice(0, 200))}`);
    events.push({ id, configs: decodeConfigs(Buffer.from(data, 'base64')), text });
    rest = rest.slice(text.length);
  }
  return { retry: start === null ? undefined : Number(start[1]), events };
}

/** The keys of all configs in a body, in order. */
export function keysIn(body: string): string[] {
  return readBody(body).events.flatMap((event) => (event.configs.configs ?? []).map(({ key }) => key ?? ''));
}

export interface ReadLink {
  readonly path: string;
  /** Seconds. */
  readonly timeout: number;
}

export function readLink(response: Response): ReadLink {
  const header = response.get('Grip-Link') ?? 'none';
  const match = /^<(\/[^>]+)>; rel=next; timeout=(\d+)$/.exec(header);
  if (match === null) throw new Error(`Grip-Link is ${header}`);
  return { path: match[1]!, timeout: Number(match[2]) };
}

/** The names of all headers that instruct a proxy. */
export function instructions(response: Response): string[] {
  return Object.keys(response.headers as object)
    .filter((name) => name.startsWith('grip-'))
    .sort();
}

/**
 * The channels that an answer instructs a proxy to hold the connection on, each with its
 * parameters.
 */
export function channelsOf(response: Response): string[] {
  return (response.get('Grip-Channel') ?? '').split(', ');
}
