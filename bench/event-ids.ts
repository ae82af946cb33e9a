/**
 * Finds the ids of events in the bytes of a stream, and nothing else: with a thousand connections
 * in one process, a real parser would be a good part of what is measured.
 */

/** An id line with at most 19 digits, and the newline before it. */
const LONGEST = '\nid: 9223372036854775807\n'.length;

export class EventIds {
  /** The end of what was read, in which an id line may have begun. */
  #rest = '';

  /**
   * The ids that are complete with this part of the stream. HTTP's chunk sizes may stand anywhere
   * between lines, but not inside the id line: Pushpin sends an item as one chunk.
   */
  take(bytes: Buffer): string[] {
    const text = this.#rest + bytes.toString('latin1');
    const ids: string[] = [];
    let read = 0;
    for (const match of text.matchAll(/\nid: (\d{1,19})(?=\n)/g)) {
      ids.push(match[1]!);
      read = match.index + match[0].length;
    }
    this.#rest = text.slice(Math.max(read, text.length - LONGEST));
    return ids;
  }
}
