/**
 * Deltas as events, shared by all readers that lack the same.
 *
 * An event is a list of references to configs until its text is needed. Texts are kept up to a
 * limit and made again beyond it, in some 20 µs each. So a reader that is slow costs its connection
 * and one text, whatever the size of the ruleset: when texts were made for the whole delta in one
 * go, a hundred slow readers of a ruleset of 53 MB took 1.7 to 2.4 GB.
 */
import { cut, eventBytes, eventText, type Piece } from '../ruleset/event.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { ContentSource, StreamEvent } from './stream.js';

/** Characters of texts that are kept, of all environments. */
const TEXTS_LIMIT = 32 * 1024 * 1024;

/** References to configs that are kept in shared deltas, of all environments: 8 bytes each. */
const REFERENCES_LIMIT = 4 * 1024 * 1024;

/** The limits of what is kept to be shared; tests have others. */
export interface DeltaLimits {
  /** Characters. */
  readonly texts: number;
  /** References to configs. */
  readonly references: number;
}

/** The deltas that lead to one version of an environment. */
interface Known {
  readonly version: bigint;
  /** The deltas, by the version that they begin at. */
  readonly from: Map<bigint, readonly DeltaEvent[]>;
}

/**
 * Events that carry deltas. Of each environment only those are kept that end at its present
 * version: no reader is brought to an older one any more, and old deltas would fill memory up to
 * the limit.
 */
export class DeltaContents implements ContentSource {
  /**
   * The very next evaluation of a server should see a change, and applying a delta causes no
   * further request.
   */
  readonly spread = 0;
  readonly #limits: DeltaLimits;
  readonly #texts: Texts;
  /** Deltas by environment, the one that changed last at the end. */
  readonly #known = new Map<bigint, Known>();
  #references = 0;

  constructor(limits: DeltaLimits = { texts: TEXTS_LIMIT, references: REFERENCES_LIMIT }) {
    this.#limits = limits;
    this.#texts = new Texts(limits.texts);
  }

  /** Characters and references that are kept. */
  get kept(): DeltaLimits {
    return { texts: this.#texts.size, references: this.#references };
  }

  position({ version }: Ruleset): bigint {
    return version;
  }

  events(ruleset: Ruleset, from: bigint): readonly StreamEvent[] {
    if (from === ruleset.version) return [];
    const known = this.#of(ruleset);
    const kept = known.get(from);
    if (kept !== undefined) return kept;
    const { envelope } = ruleset;
    const pieces = cut(ruleset.delta(from), from, ruleset.version, envelope.length);
    const events = pieces.map((piece) => new DeltaEvent(piece, envelope, this.#texts));
    known.set(from, events);
    this.#references += references(events);
    this.#shrink();
    return events;
  }

  #of({ environment, version }: Ruleset): Known['from'] {
    const known = this.#known.get(environment);
    if (known?.version === version) return known.from;
    for (const events of known?.from.values() ?? []) this.#drop(events);
    const from: Known['from'] = new Map();
    this.#known.delete(environment);
    this.#known.set(environment, { version, from });
    return from;
  }

  /** Drops the oldest until the rest is within the limit. */
  #shrink(): void {
    for (const [environment, { from }] of this.#known) {
      for (const [position, events] of from) {
        if (this.#references <= this.#limits.references) return;
        from.delete(position);
        this.#drop(events);
      }
      this.#known.delete(environment);
    }
  }

  #drop(events: readonly DeltaEvent[]): void {
    this.#references -= references(events);
    for (const event of events) this.#texts.drop(event);
  }
}

/** A piece of a delta, whose text is made on demand. */
class DeltaEvent implements StreamEvent {
  readonly id: bigint;
  readonly size: number;
  readonly piece: Piece;
  readonly #envelope: Uint8Array;
  readonly #texts: Texts;

  constructor(piece: Piece, envelope: Uint8Array, texts: Texts) {
    this.id = piece.id;
    this.size = sizeOf(piece, envelope);
    this.piece = piece;
    this.#envelope = envelope;
    this.#texts = texts;
  }

  text(): string {
    return this.#texts.of(this, () => eventText(this.piece, this.#envelope));
  }
}

/** The texts of events up to a limit; the oldest go first. */
class Texts {
  readonly #limit: number;
  readonly #texts = new Map<DeltaEvent, string>();
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  of(event: DeltaEvent, make: () => string): string {
    const known = this.#texts.get(event);
    if (known !== undefined) return known;
    const text = make();
    this.#texts.set(event, text);
    this.#size += text.length;
    for (const oldest of this.#texts.keys()) {
      if (this.#size <= this.#limit) break;
      this.drop(oldest);
    }
    return text;
  }

  drop(event: DeltaEvent): void {
    if (this.#texts.delete(event)) this.#size -= event.size;
  }
}

function references(events: readonly DeltaEvent[]): number {
  return events.reduce((sum, { piece }) => sum + piece.configs.length, 0);
}

/** The length of the text that `eventText` makes. `eventBytes` counts an id of 19 digits. */
function sizeOf({ configs, id }: Piece, envelope: Uint8Array): number {
  const message = configs.reduce((sum, { bytes }) => sum + bytes.length, envelope.length);
  return eventBytes(message) - 19 + `${id}`.length;
}
