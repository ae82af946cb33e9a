/**
 * The `eventsource` package, as a web application uses it: it reconnects by itself, and is replaced
 * when it has given up.
 */
import { EventSource } from 'eventsource';
import { messageOf } from '../../src/core/errors.js';
import type { Truth } from '../truth.js';
import { authorization, STREAM_PATH, type Client, type ClientOptions } from './client.js';
import { decodeEvent } from './event.js';
import { differences } from './held.js';
import { Journal, type Connection } from './journal.js';

/**
 * Milliseconds, from and to, before an EventSource that has given up (any status but 200) is
 * replaced.
 */
const ANEW: readonly [number, number] = [500, 1_500];

export class EventSourceClient implements Client {
  readonly journal: Journal;
  readonly #options: ClientOptions;
  #source: EventSource;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.journal = new Journal(options.name, options.environment, options.via);
    this.#source = this.#make();
  }

  get name(): string {
    return this.#options.name;
  }

  get via(): ClientOptions['via'] {
    return this.#options.via;
  }

  get environment(): bigint {
    return this.#options.environment;
  }

  differs(truth: Truth): string | undefined {
    return differences(this.journal, truth);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#source.close();
  }

  #make(): EventSource {
    const { journal } = this;
    const { url, key, environment, random } = this.#options;
    const source = new EventSource(`${url}${STREAM_PATH}`, {
      fetch: (target, init) =>
        fetch(target, { ...init, headers: { ...init.headers, authorization: authorization(key) } }),
    });
    // A new one has nothing; later connections of the same one resume.
    let from = 0n;
    let connection: Connection | undefined;
    source.onopen = () => (connection = journal.open(from));
    source.onmessage = (message: { data: string; lastEventId: string }) => {
      try {
        const event = decodeEvent(message.data, message.lastEventId, environment);
        if (connection === undefined) throw new Error('an event before the stream is open');
        journal.take(connection, event);
        from = event.id;
      } catch (error) {
        journal.object(messageOf(error));
      }
    };
    source.onerror = ({ code, message }) => {
      if (connection === undefined || connection.end !== undefined) {
        journal.refused(code === undefined ? (message ?? 'no answer') : `status ${code}`);
      } else {
        journal.close(connection, 'broken');
      }
      if (source.readyState !== source.CLOSED || this.#closed) return;
      const wait = ANEW[0] + (ANEW[1] - ANEW[0]) * random();
      this.#timer = setTimeout(() => (this.#source = this.#make()), wait);
    };
    return source;
  }
}
