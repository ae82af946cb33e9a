/** The record of what one client received, when, and over which connection; the checks read it. */

export interface ReceivedConfig {
  readonly key: string;
  readonly id: bigint;
  readonly deleted: boolean;
  /** The digest of its encoded bytes. */
  readonly digest: string;
}

export interface ReceivedEvent {
  /** The time, by performance.now(). */
  readonly at: number;
  readonly id: bigint;
  readonly configs: readonly ReceivedConfig[];
  /** The token of the default context that came with it. */
  readonly context?: string | undefined;
}

export type EndKind =
  | 'ended' // the response was complete
  | 'broken' // the connection was lost in the middle of it
  | 'left'; // by the client itself

export interface Connection {
  /** Where the client said that it stands. */
  readonly from: bigint;
  /** When the head of the answer was there, by performance.now(). */
  readonly opened: number;
  readonly events: ReceivedEvent[];
  end?: { readonly at: number; readonly how: EndKind };
}

/** Where a client subscribes: at a Pushpin, or at a node that holds the connection itself. */
export interface Via {
  readonly kind: 'pushpin' | 'direct';
  readonly index: number;
}

export interface Note {
  readonly at: number;
  readonly text: string;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A time in which the store lost what was written. */
export interface LossSpan extends Span {
  /** The environment that it lost; `undefined`: writes of all. */
  readonly environment?: bigint;
  /**
   * The node that surely has in memory what it acknowledged until then, and that lived until the
   * store had it again.
   */
  readonly keeper?: { readonly node: number; readonly until: number };
}

export class Journal {
  readonly name: string;
  readonly environment: bigint;
  readonly via: Via;
  readonly connections: Connection[] = [];
  /** The objections of a strict reader. */
  readonly objections: Note[] = [];
  /** Answers other than 200, and attempts without an answer. */
  readonly refusals: Note[] = [];
  /** When the client itself did not read. */
  readonly slow: Span[] = [];
  /** When its key was revoked: from the request to its answer. */
  revoked: Span | undefined;
  /** The configs it has, judged by ids. */
  readonly held = new Map<string, ReceivedConfig>();
  /** The token of the default context that it has. */
  context: string | undefined;
  #position = 0n;

  constructor(name: string, environment: bigint, via: Via) {
    this.name = name;
    this.environment = environment;
    this.via = via;
  }

  /** The last event id, as a client sends it when it comes back. */
  get position(): bigint {
    return this.#position;
  }

  get isOpen(): boolean {
    const last = this.connections.at(-1);
    return last !== undefined && last.end === undefined;
  }

  get events(): number {
    return this.connections.reduce((sum, { events }) => sum + events.length, 0);
  }

  open(from: bigint): Connection {
    const connection: Connection = { from, opened: performance.now(), events: [] };
    this.connections.push(connection);
    return connection;
  }

  take(connection: Connection, { id, configs, context }: Omit<ReceivedEvent, 'at'>): void {
    connection.events.push({ at: performance.now(), id, configs, context });
    this.#position = id;
    this.context = context;
    for (const config of configs) {
      if (config.id >= (this.held.get(config.key)?.id ?? 0n)) this.held.set(config.key, config);
    }
  }

  close(connection: Connection, how: EndKind): void {
    connection.end ??= { at: performance.now(), how };
  }

  object(text: string): void {
    this.objections.push({ at: performance.now(), text });
  }

  refused(text: string): void {
    this.refusals.push({ at: performance.now(), text });
  }
}
