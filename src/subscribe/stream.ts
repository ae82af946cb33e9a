/**
 * The text of a stream: its beginning, the events of a delta, and keep-alives. [protocol] #stream
 */
import type { Stream } from '../grip/channels.js';
import { cut, eventText } from '../ruleset/event.js';
import { refetchText } from '../ruleset/refetch.js';
import type { Ruleset } from '../ruleset/ruleset.js';

/**
 * An SSE comment: ignored by every client, but it keeps read timeouts (python: 60 s) and idle checks
 * quiet. No blank line follows: it is sent between events, and some clients (r3labs/sse, httpx-sse,
 * Go's launchdarkly/eventsource, fetch-event-source) hand their user an empty event at each one.
 */
export const KEEP_ALIVE = ': keep-alive\n';

/**
 * Clients are asked to wait between these before they reconnect, in milliseconds; see
 * `streamStart`.
 */
const RETRY_MIN_MS = 1_000;
const RETRY_SPREAD_MS = 9_000;

/**
 * Builds the beginning of every stream. Its blank line comes first and ends an event that the client
 * may have kept half-read from the connection before; none follows, because at each one some clients
 * hand their user an empty event, and Go SDKs before 0.2.3 then take their environment to be 0. The
 * first event begins on the next line. The `retry:` differs per response, so that the clients of a
 * restarted proxy come back spread over ten seconds: with 200 simultaneous new connections Pushpin
 * answers some with an error, and a browser's EventSource gives up for good on one.
 *
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function streamStart(random: number): string {
  return `\n: holdfast\nretry: ${Math.floor(RETRY_MIN_MS + RETRY_SPREAD_MS * random)}\n`;
}

/** One event as it is written, and the position of the reader after it. */
export interface StreamEvent {
  readonly id: bigint;
  readonly text: string;
}

/** Joins the texts of events. */
export function textOf(events: readonly StreamEvent[]): string {
  return events.map((event) => event.text).join('');
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
    return from === clientVersion
      ? []
      : [{ id: clientVersion, text: refetchText(clientVersion, committedAt) }];
  }
}

/**
 * Deltas as events, built once and shared by all readers that lack the same. Of each environment
 * only those are kept that end at its present version: no reader is brought to an older one any
 * more, and old deltas would fill memory up to the limit.
 */
export class DeltaContents implements ContentSource {
  /**
   * The very next evaluation of a server should see a change, and applying a delta causes no
   * further request.
   */
  readonly spread = 0;
  readonly #limit: number;
  /** Deltas by environment, the one that changed last at the end. */
  readonly #known = new Map<bigint, { readonly version: bigint; readonly from: Map<bigint, Kept> }>();
  #characters = 0;

  /** @param limit characters kept in all */
  constructor(limit = 32 * 1024 * 1024) {
    this.#limit = limit;
  }

  /** Characters that are kept. */
  get size(): number {
    return this.#characters;
  }

  version({ version }: Ruleset): bigint {
    return version;
  }

  events(ruleset: Ruleset, from: bigint): readonly StreamEvent[] {
    if (from === ruleset.version) return [];
    const known = this.#of(ruleset);
    const kept = known.get(from);
    if (kept !== undefined) return kept.events;
    const pieces = cut(ruleset.delta(from), from, ruleset.version, ruleset.envelope.length);
    const events = pieces.map((piece) => ({ id: piece.id, text: eventText(piece, ruleset.envelope) }));
    const size = characters(events);
    known.set(from, { events, size });
    this.#characters += size;
    this.#shrink();
    return events;
  }

  #of({ environment, version }: Ruleset): Map<bigint, Kept> {
    const known = this.#known.get(environment);
    if (known?.version === version) return known.from;
    for (const { size } of known?.from.values() ?? []) this.#characters -= size;
    const from = new Map<bigint, Kept>();
    this.#known.delete(environment);
    this.#known.set(environment, { version, from });
    return from;
  }

  /** Drops the oldest until the rest is within the limit. */
  #shrink(): void {
    for (const [environment, { from }] of this.#known) {
      for (const [position, { size }] of from) {
        if (this.#characters <= this.#limit) return;
        from.delete(position);
        this.#characters -= size;
      }
      this.#known.delete(environment);
    }
  }
}

interface Kept {
  readonly events: readonly StreamEvent[];
  /** Characters. */
  readonly size: number;
}

function characters(events: readonly StreamEvent[]): number {
  return events.reduce((sum, event) => sum + event.text.length, 0);
}
