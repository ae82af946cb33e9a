/** Reads a stream byte by byte as docs/protocol.md has it, and nothing else. Pure. [protocol] #stream */
import { EVENT_MAX_BYTES } from '../../src/ruleset/event.js';

export type Block =
  | { readonly kind: 'retry'; readonly milliseconds: number }
  | { readonly kind: 'event'; readonly data: string; readonly id: string }
  | { readonly kind: 'keep-alive' }
  | { readonly kind: 'objection'; readonly text: string };

const BEGINNING = ': holdfast';
const KEEP_ALIVE = ': keep-alive';

export class StreamReader {
  #rest = '';
  #blocks = 0;

  /** The blocks that are complete with these bytes. */
  take(bytes: Buffer): Block[] {
    // Nothing in a stream is outside of ASCII, and latin1 keeps whatever should be.
    this.#rest += bytes.toString('latin1');
    const parts = this.#rest.split('\n\n');
    this.#rest = parts.pop() ?? '';
    const blocks = parts.flatMap((part) => this.#block(part));
    if (this.#rest.length > EVENT_MAX_BYTES) blocks.push(objection('a block without end', this.#rest));
    return blocks;
  }

  /** The text after the last complete block: empty when the stream was ended in good order. */
  get rest(): string {
    return this.#rest;
  }

  #block(text: string): Block[] {
    const place = this.#blocks++;
    if (place === 0) return text === BEGINNING ? [] : [objection('a stream that begins otherwise', text)];
    if (place === 1) {
      const [, milliseconds] = /^retry: ([1-9][0-9]*)$/.exec(text) ?? [];
      if (milliseconds === undefined) return [objection('no retry after the beginning', text)];
      return [{ kind: 'retry', milliseconds: Number(milliseconds) }];
    }
    if (text === KEEP_ALIVE) return [{ kind: 'keep-alive' }];
    const [, data, id] = /^data: ([A-Za-z0-9+/]+={0,2})\nid: ([0-9]+)$/.exec(text) ?? [];
    if (data === undefined || id === undefined) return [objection('neither event nor keep-alive', text)];
    if (text.length + 2 > EVENT_MAX_BYTES) return [objection('an event that is too large', text)];
    return [{ kind: 'event', data, id }];
  }
}

function objection(what: string, text: string): Block {
  return { kind: 'objection', text: `${what}: ${JSON.stringify(text.slice(0, 100))}` };
}
