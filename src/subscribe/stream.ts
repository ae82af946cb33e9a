/**
 * The text of a stream: its beginning, its events, and keep-alives. [protocol] #stream
 */
import type { Stream } from '../grip/channels.js';
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
  /** The position of a reader that has everything. */
  version(ruleset: Ruleset): bigint;
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

  /** @param spread milliseconds */
  constructor(spread: number) {
    this.spread = spread;
  }

  version({ clientVersion }: Ruleset): bigint {
    return clientVersion;
  }

  events({ clientVersion, committedAt }: Ruleset, from: bigint): readonly StreamEvent[] {
    if (from === clientVersion) return [];
    const text = refetchText(clientVersion, committedAt);
    return [{ id: clientVersion, size: text.length, text: () => text }];
  }
}
