/**
 * A client that checks every byte, straight on node:http. Comes back by Last-Event-ID, after the
 * time that its stream asked for, for as long as it takes.
 */
import { request, type IncomingMessage } from 'node:http';
import { messageOf } from '../../src/core/errors.js';
import type { Truth } from '../truth.js';
import { authorization, STREAM_PATH, type Client, type ClientOptions } from './client.js';
import { decodeEvent } from './event.js';
import { differences } from './held.js';
import { Journal, type Connection, type EndKind } from './journal.js';
import { StreamReader } from './stream-reader.js';

/** A head that takes longer is none, milliseconds. */
const HEAD_WITHIN = 12_000;
/**
 * Keep-alives come every 5 s (site.ts), and a paused node sends none for 8.5 s. Longer silence is
 * an objection. Milliseconds.
 */
const SILENCE = 20_000;
/** Between attempts to connect that failed, milliseconds, from and to. */
const AGAIN: readonly [number, number] = [300, 1_000];

export class StrictClient implements Client {
  readonly journal: Journal;
  readonly #options: ClientOptions;
  /** Ends the present wait before the next attempt. */
  #hurry: () => void = () => undefined;
  #response: IncomingMessage | undefined;
  /** Leaves the present connection as it is: open, and not read. */
  #vanish: () => void = () => undefined;
  readonly #destroys = new Set<() => void>();
  #retry = 1_000;
  #closed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.journal = new Journal(options.name, options.environment, options.via);
    void this.#run();
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
    return this.journal.revoked === undefined ? differences(this.journal, truth) : undefined;
  }

  /** Comes back at once, whatever it was asked to wait: one of a herd. */
  hurry(): void {
    this.#hurry();
  }

  /** Reads nothing until the returned function is called. */
  pauseReading(): () => void {
    const response = this.#response;
    const from = performance.now();
    response?.pause();
    return () => {
      response?.resume();
      this.journal.slow.push({ from, to: performance.now() });
    };
  }

  /** Is gone, without a word to the server, and another takes its place. */
  vanish(): void {
    this.#vanish();
  }

  close(): void {
    this.#closed = true;
    for (const destroy of this.#destroys) destroy();
    this.#hurry();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const wait = await this.#connect();
      if (!this.#isClosed()) await this.#wait(wait);
    }
  }

  /**
   * Behind a function, because the compiler believes that a flag it has seen to be false stays so.
   */
  #isClosed(): boolean {
    return this.#closed;
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * One connection from its beginning to its end. Resolves to how long to wait before the next,
   * milliseconds.
   */
  #connect(): Promise<number> {
    const from = this.journal.position;
    const { key, url, random } = this.#options;
    const headers: Record<string, string> = {
      accept: 'text/event-stream',
      authorization: authorization(key),
    };
    if (from > 0n) headers['last-event-id'] = `${from}`;
    const again = AGAIN[0] + (AGAIN[1] - AGAIN[0]) * random();
    return new Promise((resolve) => {
      // No agent: a connection of its own.
      const outgoing = request(`${url}${STREAM_PATH}`, { headers, agent: false });
      const destroy = () => outgoing.destroy();
      this.#destroys.add(destroy);
      const refused = (why: string): void => {
        clearTimeout(timer);
        this.#destroys.delete(destroy);
        outgoing.destroy();
        if (!this.#closed) this.journal.refused(why);
        resolve(again);
      };
      const timer = setTimeout(() => refused('no answer in time'), HEAD_WITHIN);
      outgoing.once('error', (error) => refused(messageOf(error)));
      outgoing.once('response', (response) => {
        clearTimeout(timer);
        outgoing.removeAllListeners('error').on('error', () => undefined);
        if (response.statusCode !== 200) {
          // Refused by name, as it must be; it does not ask again.
          if (response.statusCode === 401 && this.journal.revoked !== undefined) this.#closed = true;
          refused(`status ${response.statusCode ?? 0}`);
          return;
        }
        void this.#read(response, from, destroy).then(() => resolve(this.#retry));
      });
      outgoing.end();
    });
  }

  #read(response: IncomingMessage, from: bigint, destroy: () => void): Promise<void> {
    const { journal } = this;
    const connection = journal.open(from);
    const reader = new StreamReader();
    this.#response = response;
    return new Promise((resolve) => {
      let last = performance.now();
      const finish = (how: EndKind): void => {
        clearInterval(silence);
        journal.close(connection, how);
        this.#vanish = () => undefined;
        resolve();
      };
      const silence = setInterval(() => {
        if (performance.now() - last < SILENCE || response.isPaused()) return;
        journal.object(`not a byte for ${SILENCE / 1000} s`);
        destroy();
      }, 1_000);
      this.#vanish = () => {
        response.removeAllListeners('data').pause();
        finish('left');
      };
      response.on('error', () => undefined);
      response.on('data', (bytes: Buffer) => {
        last = performance.now();
        this.#take(reader, bytes, connection);
      });
      response.once('close', () => {
        this.#destroys.delete(destroy);
        if (response.complete && reader.rest !== '')
          journal.object('the stream ended in the middle of a block');
        finish(this.#closed ? 'left' : response.complete ? 'ended' : 'broken');
      });
    });
  }

  #take(reader: StreamReader, bytes: Buffer, connection: Connection): void {
    for (const block of reader.take(bytes)) {
      if (block.kind === 'retry') this.#retry = block.milliseconds;
      if (block.kind === 'objection') this.journal.object(block.text);
      if (block.kind !== 'event') continue;
      try {
        this.journal.take(connection, decodeEvent(block.data, block.id, this.environment));
      } catch (error) {
        this.journal.object(messageOf(error));
      }
    }
  }
}
