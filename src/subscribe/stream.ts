/**
 * The text of a stream: its beginning, its events, and keep-alives. [protocol] #stream
 */
import type { Stream } from '../grip/channels.js';
import { currentPosition } from '../evaluate/client-boundaries.js';
import { boundaryOfPosition, CLOCK_TOLERANCE_MS, versionOfPosition } from '../ruleset/client-position.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import { refetchText } from '../ruleset/refetch.js';

/**
 * An SSE comment: ignored by every client, but it keeps read timeouts (python: 60 s) and idle
 * checks quiet. No blank line follows: it is sent between events, and some clients (r3labs/sse,
 * httpx-sse, Go's launchdarkly/eventsource, fetch-event-source) hand their user an empty event at
 * each one.
 */
export const KEEP_ALIVE = ': keep-alive\n';

/**
 * Clients are asked to wait between these before they reconnect, in milliseconds; see
 * `streamStart`.
 */
const RETRY_MIN_MS = 1_000;
const RETRY_SPREAD_MS = 9_000;

/**
 * Builds the beginning of every stream. Its blank line comes first and ends an event that the
 * client may have kept half-read from the connection before; none follows, because at each one some
 * clients hand their user an empty event, and Go SDKs before 0.2.3 then take their environment to
 * be 0. The first event begins on the next line. The `retry:` differs per response, so that the
 * clients of a restarted proxy come back spread over ten seconds: with 200 simultaneous new
 * connections Pushpin answers some with an error, and a browser's EventSource gives up for good on
 * one.
 *
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function streamStart(random: number): string {
  return `\n: holdfast\nretry: ${Math.floor(RETRY_MIN_MS + RETRY_SPREAD_MS * random)}\n`;
}

/** One event, and the position of the reader after it. */
export interface StreamEvent {
  readonly id: bigint;
  /** The length of its text. All of it is ASCII, so these are characters and bytes. */
  readonly size: number;
  /**
   * Returns the text. Made when it is needed, so that an event which waits for a slow reader has
   * none.
   */
  text(): string;
}

/** The content of the streams of one kind: the events that follow for a reader at a version. */
export interface ContentSource {
  /**
   * The position of a reader that has everything.
   *
   * @param reader the position of the reader in question
   */
  position(ruleset: Ruleset, reader: bigint): bigint;
  /** The events that bring a reader from `from` to that position; none when it is there. */
  events(ruleset: Ruleset, from: bigint): readonly StreamEvent[];
  /**
   * Milliseconds over which the notifications of direct holds are spread after a change, because
   * each client then fetches.
   */
  readonly spread: number;
}

/** The content of each kind of stream. */
export type StreamContents = Readonly<Record<Stream['kind'], ContentSource>>;

/** Events that notify clients to fetch: one, however much a client lacks. */
export class RefetchContents implements ContentSource {
  readonly spread: number;
  readonly #now: () => number;

  /**
   * @param spread milliseconds
   * @param now milliseconds since 1970
   */
  constructor(spread: number, now: () => number) {
    this.spread = spread;
    this.#now = now;
  }

  position(ruleset: Ruleset, reader: bigint): bigint {
    const now = this.#now();
    const ours = currentPosition(ruleset, now);
    const isAheadByClock =
      reader > ours &&
      versionOfPosition(reader) === ruleset.clientVersion &&
      boundaryOfPosition(reader) <= now + CLOCK_TOLERANCE_MS;
    return isAheadByClock ? reader : ours;
  }

  events(ruleset: Ruleset, from: bigint): readonly StreamEvent[] {
    const id = this.position(ruleset, from);
    if (from === id) return [];
    const text = refetchText(id, ruleset.committedAt);
    return [{ id, size: text.length, text: () => text }];
  }
}
