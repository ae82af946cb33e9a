/**
 * Reads a stream byte by byte as docs/protocol.md has it, and nothing else. Pure. [protocol]
 * #stream
 */
import { EVENT_MAX_BYTES } from '../../src/ruleset/event.js';

/** A part of a stream, or the objection to one that the protocol does not allow. */
export type Block =
  | { readonly kind: 'retry'; readonly milliseconds: number }
  | { readonly kind: 'event'; readonly data: string; readonly id: string }
  | { readonly kind: 'keep-alive' }
  | { readonly kind: 'objection'; readonly text: string };

/** The line that must come next. After an objection, lines are skipped up to the next blank one. */
type Expected = 'blank' | 'beginning' | 'retry' | 'data' | 'id' | 'end' | 'skip';

/** Reads one stream from its first byte. */
export class StreamReader {
  #rest = '';
  #expected: Expected = 'blank';
  /** The data and the id of an event whose end is missing. */
  #data = '';
  #id = '';

  /** Reads bytes and returns the parts that are complete with them. */
  take(bytes: Buffer): Block[] {
    // Nothing in a stream is outside of ASCII, and latin1 keeps whatever should be.
    this.#rest += bytes.toString('latin1');
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    const blocks = lines.flatMap((line) => this.#line(line));
    if (this.#rest.length > EVENT_MAX_BYTES) blocks.push(this.#object('a line without end', this.#rest));
    return blocks;
  }

  /** The text after the last complete part: empty when the stream was ended in good order. */
  get rest(): string {
    if (this.#expected === 'id') return `${this.#data}\n${this.#rest}`;
    if (this.#expected === 'end') return `${this.#data}\n${this.#id}\n${this.#rest}`;
    return this.#rest;
  }

  #line(line: string): Block[] {
    switch (this.#expected) {
      case 'blank':
        return this.#expect(line === '', 'beginning', 'a stream that begins otherwise', line);
      case 'beginning':
        return this.#expect(line === ': holdfast', 'retry', 'a stream that begins otherwise', line);
      case 'retry':
        return this.#retry(line);
      case 'data':
        if (line === ': keep-alive') return [{ kind: 'keep-alive' }];
        this.#data = line;
        return this.#expect(DATA.test(line), 'id', 'neither event nor keep-alive', line);
      case 'id':
        this.#id = line;
        return this.#expect(ID.test(line), 'end', 'no id after the data', line);
      case 'end':
        return line === '' ? this.#event() : [this.#object('an event with more lines', line)];
      case 'skip':
        if (line === '') this.#expected = 'data';
        return [];
    }
  }

  #expect(holds: boolean, next: Expected, problem: string, line: string): Block[] {
    if (!holds) return [this.#object(problem, line)];
    this.#expected = next;
    return [];
  }

  #retry(line: string): Block[] {
    const [, milliseconds] = /^retry: ([1-9][0-9]*)$/.exec(line) ?? [];
    if (milliseconds === undefined) return [this.#object('no retry after the beginning', line)];
    this.#expected = 'data';
    return [{ kind: 'retry', milliseconds: Number(milliseconds) }];
  }

  #event(): Block[] {
    const [data, id] = [this.#data, this.#id];
    this.#expected = 'data';
    if (data.length + id.length + 3 > EVENT_MAX_BYTES) return [objection('an event that is too large', data)];
    return [{ kind: 'event', data: data.slice(DATA_FIELD.length), id: id.slice(ID_FIELD.length) }];
  }

  #object(what: string, text: string): Block {
    this.#expected = 'skip';
    return objection(what, text);
  }
}

const DATA_FIELD = 'data: ';
const ID_FIELD = 'id: ';
const DATA = /^data: [A-Za-z0-9+/]+={0,2}$/;
const ID = /^id: [0-9]+$/;

function objection(what: string, text: string): Block {
  return { kind: 'objection', text: `${what}: ${JSON.stringify(text.slice(0, 100))}` };
}
