/**
 * Reads Server-Sent Events as the specification has it: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6. Pure:
 * bytes in, blocks out.
 *
 * Not `eventsource-parser`, which Holdfast uses elsewhere: it holds a line that ends in CR back until the next chunk comes, and so loses the last
 * event of a stream with such line ends.
 */
export type Block =
  /** An event named `message`, or not named. `id` is what its own `id:` line said. */
  | { readonly kind: 'message'; readonly data: string; readonly id: string | undefined }
  /** `retry:`: milliseconds that the server asks clients to wait before they come back. */
  | { readonly kind: 'retry'; readonly milliseconds: number };

/** Characters of one event or line that are kept before it is complete. Events of Holdfast have at most 65,000. */
export const MAX_EVENT = 1_048_576;

const CR = 13;
const LF = 10;

export class SseReader {
  /** "Streams must be decoded using the UTF-8 decode algorithm", which strips one byte order mark. */
  readonly #decoder = new TextDecoder();
  #line = '';
  /** The line before ended in CR, so that an LF which comes first now belongs to that end. */
  #afterCr = false;
  #data: string[] = [];
  #size = 0;
  #name = '';
  #id: string | undefined;

  /** The blocks that are complete with these bytes. Throws when something grows beyond `MAX_EVENT`. */
  read(bytes: Uint8Array): Block[] {
    const blocks: Block[] = [];
    const text = this.#decoder.decode(bytes, { stream: true });
    let start = this.#afterCr && text.charCodeAt(0) === LF ? 1 : 0;
    if (text !== '') this.#afterCr = false;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code !== CR && code !== LF) continue;
      this.#endLine(this.#line + text.slice(start, at), blocks);
      this.#line = '';
      if (code === CR) {
        if (at + 1 === text.length) this.#afterCr = true;
        else if (text.charCodeAt(at + 1) === LF) at++;
      }
      start = at + 1;
    }
    this.#line += text.slice(start);
    if (this.#line.length + this.#size > MAX_EVENT) {
      throw new Error(`an event is larger than ${MAX_EVENT} characters`);
    }
    return blocks;
  }

  #endLine(line: string, blocks: Block[]): void {
    if (line === '') {
      this.#dispatch(blocks);
      return;
    }
    const colon = line.indexOf(':');
    // "If the line starts with a U+003A COLON character (:), ignore the line."
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    // "If value starts with a U+0020 SPACE character, remove it from value."
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    switch (name) {
      case 'event':
        this.#name = value;
        return;
      case 'data':
        this.#data.push(value);
        this.#size += value.length + 1;
        return;
      case 'id':
        // "If the field value does not contain U+0000 NULL, then set the last event ID buffer to the field value."
        if (!value.includes('\0')) this.#id = value;
        return;
      case 'retry':
        // "If the field value consists of only ASCII digits"
        if (/^\d+$/.test(value)) blocks.push({ kind: 'retry', milliseconds: Number(value) });
        return;
    }
  }

  #dispatch(blocks: Block[]): void {
    const data = this.#data.join('\n');
    // "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty string and return."
    if (data !== '' && (this.#name === '' || this.#name === 'message')) {
      blocks.push({ kind: 'message', data, id: this.#id });
    }
    this.#data = [];
    this.#size = 0;
    this.#name = '';
    this.#id = undefined;
  }
}
