/**
 * The text of a stream: its beginning, the events of a delta, and keep-alives. [protocol] #stream
 */
import { cut, eventText } from '../ruleset/event.js';
import type { Ruleset } from '../ruleset/ruleset.js';

/** An SSE comment: ignored by every client, but it keeps read timeouts (python: 60 s) and idle checks quiet. */
export const KEEP_ALIVE = ': keep-alive\n\n';

/** Clients are asked to wait between these before they reconnect, in milliseconds; see `streamStart`. */
const RETRY_MIN_MS = 1_000;
const RETRY_SPREAD_MS = 9_000;

/**
 * How every stream begins. The comment and its blank line end an event that the client may have kept half-read from the connection before.
 * The `retry:` differs per response, so that the clients of a restarted proxy come back spread over ten seconds: with 200 new connections
 * at once Pushpin answers some with an error, and a browser's EventSource gives up for good on one.
 *
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function streamStart(random: number): string {
  return `: holdfast\n\nretry: ${Math.floor(RETRY_MIN_MS + RETRY_SPREAD_MS * random)}\n\n`;
}

/** One event as it is written, and where the reader stands after it. */
export interface StreamEvent {
  readonly id: bigint;
  readonly text: string;
}

/**
 * Deltas as events, built once and shared by all who lack the same. Of each environment only those that end at its present version: nobody
 * is brought to an older one any more, and what was kept for it would fill memory up to the limit.
 */
export class Deltas {
  readonly #limit: number;
  /** By environment, the one that changed last at the end. */
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

  /** The events that bring a reader from `from` to the ruleset's version; none when it is there. */
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

  /** The same as one text. */
  text(ruleset: Ruleset, from: bigint): string {
    return this.events(ruleset, from)
      .map((event) => event.text)
      .join('');
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

  /** Gives up the oldest until the rest is within the limit. */
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
