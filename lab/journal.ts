/** The record of one client's actions and events, in milliseconds since the run began. */

export interface Connection {
  /** When its answer, a 200, began. */
  readonly openedAt: number;
  /** `undefined` while it is open. */
  endedAt: number | undefined;
  /** The bytes of the body; 0 where they are not counted. */
  bytes: number;
}

export class Journal {
  /** When each request was sent. */
  readonly requests: number[] = [];
  readonly connections: Connection[] = [];
  /** The number of each event → when it was received first. */
  readonly seen = new Map<number, number>();
  /** Answers other than 200, and connections that could not be made. */
  refused = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  request(): void {
    this.requests.push(this.#now());
  }

  open(): Connection {
    const connection: Connection = { openedAt: this.#now(), endedAt: undefined, bytes: 0 };
    this.connections.push(connection);
    return connection;
  }

  end(connection: Connection): void {
    connection.endedAt ??= this.#now();
  }

  see(numbers: readonly number[]): void {
    for (const number of numbers) {
      if (!this.seen.has(number)) this.seen.set(number, this.#now());
    }
  }
}
