/**
 * The one parser of Server-Sent Events, as the specification has it:
 * https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6. Pure: bytes in,
 * blocks out. Nothing of Node is imported: the client library uses it in browsers too.
 * docs/decisions/0030-one-sse-parser.md says why it is ours.
 */

/** A complete part of a stream. */
export type SseBlock =
  /** An event. `name` and `id` are those of its own lines; without a name it is a `message`. */
  | {
      readonly kind: 'event';
      readonly name: string | undefined;
      readonly data: string;
      readonly id: string | undefined;
    }
  /** `retry:`: the milliseconds that the server asks clients to wait before they reconnect. */
  | { readonly kind: 'retry'; readonly milliseconds: number }
  /** A line that begins with a colon, without the colon and one space. */
  | { readonly kind: 'comment'; readonly text: string }
  /**
   * A line that the specification ignores: an unknown field, or a value that its field does not
   * allow.
   */
  | { readonly kind: 'ignored'; readonly line: string };

/**
 * The characters of one event or line that are kept before it is complete. Events of Holdfast have
 * at most 65,000.
 */
export const MAX_SSE_EVENT = 1_048_576;

const CR = 13;
const LF = 10;

/**
 * Parses the stream of one connection. After a reconnect a new parser is needed: half an event must
 * not continue in another stream.
 */
export class SseParser {
  /**
   * "Streams must be decoded using the UTF-8 decode algorithm", which strips one byte order mark.
   */
  readonly #decoder = new TextDecoder();
  #line = '';
  /**
   * True when the line before ended in CR, so that an LF which comes first now belongs to that end.
   */
  #afterCr = false;
  #data: string[] = [];
  #size = 0;
  #name = '';
  #id: string | undefined;

  /**
   * Returns the blocks that are complete with these bytes.
   *
   * @throws Error when a line or an event grows beyond {@link MAX_SSE_EVENT}
   */
  read(bytes: Uint8Array): SseBlock[] {
    const blocks: SseBlock[] = [];
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
    if (this.#line.length + this.#size > MAX_SSE_EVENT) {
      throw new Error(`an event is larger than ${MAX_SSE_EVENT} characters`);
    }
    return blocks;
  }

  #endLine(line: string, blocks: SseBlock[]): void {
    if (line === '') {
      this.#dispatch(blocks);
      return;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    // "If value starts with a U+0020 SPACE character, remove it from value."
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    // "If the line starts with a U+003A COLON character (:), ignore the line."
    if (colon === 0) blocks.push({ kind: 'comment', text: value });
    else if (!this.#processField(name, value, blocks)) blocks.push({ kind: 'ignored', line });
  }

  /** Returns false for a field that the specification ignores. */
  #processField(name: string, value: string, blocks: SseBlock[]): boolean {
    switch (name) {
      case 'event':
        this.#name = value;
        return true;
      case 'data':
        this.#data.push(value);
        this.#size += value.length + 1;
        return true;
      case 'id':
        // "If the field value does not contain U+0000 NULL, then set the last event ID buffer to
        // the field value."
        if (value.includes('\0')) return false;
        this.#id = value;
        return true;
      case 'retry':
        // "If the field value consists of only ASCII digits"
        if (!/^\d+$/.test(value)) return false;
        blocks.push({ kind: 'retry', milliseconds: Number(value) });
        return true;
      default:
        return false;
    }
  }

  #dispatch(blocks: SseBlock[]): void {
    // "If the data buffer is an empty string, set the data buffer and the event type buffer to the
    // empty string and return." Each data line, an empty one too, has appended a line feed to that
    // buffer, and the last of these is removed afterwards: so an event with one empty data line is
    // dispatched, and one without any is not.
    if (this.#data.length > 0) {
      const name = this.#name === '' ? undefined : this.#name;
      blocks.push({ kind: 'event', name, data: this.#data.join('\n'), id: this.#id });
    }
    this.#data = [];
    this.#size = 0;
    this.#name = '';
    this.#id = undefined;
  }
}
