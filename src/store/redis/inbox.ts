/**
 * The inbox in Redis: one stream with a consumer group, and one for rejected events. [protocol]
 * #inbox
 */
import type { Logger } from 'pino';
import type { RedisLocation } from '../location.js';
import type {
  EventField,
  Inbox,
  InboxEvent,
  InboxReader,
  InboxSignal,
  RejectedEvent,
  Rejection,
  Standing,
} from '../inbox.js';
import { BLOCK_MS, overConnections } from './blocking.js';
import type { RedisClient } from './client.js';
import { replyList, replyText, type Reply } from './codec.js';
import type { Commands } from './commands.js';
import { unexpected } from './errors.js';
import { evaluate } from './script.js';
import {
  ACKNOWLEDGE,
  ADD_REJECTED,
  DROP,
  LIST_REJECTED,
  REJECT,
  REJECTION_FIELDS,
  RETRY,
  TAKE,
} from './inbox-scripts.js';
import { GROUP, names } from './names.js';

/** Events per reading; with a mebibyte each, all that an inbox has in memory. */
const COUNT = 8;

/**
 * The part of each rejected event that is listed: names and values, and bytes of each. A valid
 * event has at most three names.
 */
const SHOWN_TEXTS = 2 * (REJECTION_FIELDS.length + 16);
const SHOWN_BYTES = 1024;

/**
 * The most that rejected events may take in Redis together, bytes: a producer that only sends what
 * is rejected must not fill the memory that commits need. Some thousand events of usual size.
 */
const REJECTED_BYTES = 64 * 1024 * 1024;

/** Options of {@link RedisInbox}. */
export interface InboxOptions {
  readonly closing: AbortSignal;
  readonly log: Logger;
  /** Bytes; see REJECTED_BYTES. */
  readonly rejectedBytes?: number | undefined;
}

/** RedisInbox is the inbox of a store in Redis. */
export class RedisInbox implements Inbox {
  readonly #location: RedisLocation;
  readonly #commands: Commands;
  readonly #closing: AbortSignal;
  readonly #log: Logger;
  readonly #rejectedBytes: number;

  constructor(location: RedisLocation, commands: Commands, options: InboxOptions) {
    this.#location = location;
    this.#commands = commands;
    this.#closing = options.closing;
    this.#log = options.log;
    this.#rejectedBytes = options.rejectedBytes ?? REJECTED_BYTES;
  }

  follow(reader: InboxReader, signal: AbortSignal): AsyncIterable<InboxSignal> {
    const options = {
      location: this.#location,
      name: this.#commands.name,
      moved: this.#commands.moved,
      signal: AbortSignal.any([signal, this.#closing]),
    };
    return overConnections(options, (client) => readInbox(client, reader));
  }

  async acknowledge(event: string, passed: readonly string[] = []): Promise<'acknowledged' | Standing> {
    const reply = await this.#commands.write({
      lua: ACKNOWLEDGE,
      keys: [names.inbox, names.marker],
      args: [event, this.#marks, passed.join(' ')],
    });
    return this.#decision(reply, 'acknowledged');
  }

  async reject(
    event: string,
    { code, message, field, at }: Rejection,
    passed: readonly string[] = [],
  ): Promise<'rejected' | Standing> {
    const reply = await this.#commands.write({
      lua: REJECT,
      keys: [names.inbox, names.rejected, names.marker, names.rejectedBytes],
      args: [event, this.#marks, code, message, field ?? '', at, this.#rejectedBytes, passed.join(' ')],
    });
    if (!Array.isArray(reply)) return this.#decision(reply, 'rejected');
    const [kind, removed] = replyList(reply);
    this.#noteRemoved(Number(removed));
    return this.#decision(kind ?? null, 'rejected');
  }

  async addRejected(fields: readonly EventField[], rejection: Rejection): Promise<string> {
    const { code, message, field, at } = rejection;
    const reply = await this.#commands.write({
      lua: ADD_REJECTED,
      keys: [names.rejected, names.rejectedBytes],
      args: [
        this.#rejectedBytes,
        code,
        message,
        field ?? '',
        at,
        ...fields.flatMap(({ name, value }) => [name, value]),
      ],
    });
    const [id, removed] = replyList(reply);
    this.#noteRemoved(Number(removed));
    return replyText(id);
  }

  async rejected(count: number): Promise<{ total: number; events: readonly RejectedEvent[] }> {
    const reply = await this.#commands.read({
      lua: LIST_REJECTED,
      keys: [names.rejected],
      args: [count, SHOWN_TEXTS, SHOWN_BYTES],
    });
    const [total, events] = replyList(reply);
    return { total: Number(total), events: replyList(events).map(rejectedEvent) };
  }

  async retry(id: string): ReturnType<Inbox['retry']> {
    const reply = await this.#commands.write({
      lua: RETRY,
      keys: [names.inbox, names.rejected, names.rejectedBytes],
      args: [id],
    });
    const [kind, event] = replyList(reply);
    switch (replyText(kind)) {
      case 'retried':
        return { kind: 'retried', event: replyText(event) };
      case 'absent':
        return { kind: 'absent' };
      case 'fixed':
        return { kind: 'fixed' };
      default:
        throw unexpected(this.#commands.name, replyText(kind));
    }
  }

  async drop(id: string): Promise<boolean> {
    return (
      (await this.#commands.write({ lua: DROP, keys: [names.rejected, names.rejectedBytes], args: [id] })) ===
      1
    );
  }

  #noteRemoved(removed: number): void {
    if (removed === 0) return;
    this.#log.error(
      { store: this.#commands.name, removed, limit: this.#rejectedBytes },
      'the oldest rejected events were removed, because all together took more than the limit',
    );
  }

  /**
   * An argument of scripts that may find nothing to write: '1' when WAIT needs a write all the
   * same.
   */
  get #marks(): string {
    return this.#commands.waits ? '1' : '';
  }

  #decision<T extends string>(reply: Reply, done: T): T | Standing {
    const answer = replyText(reply);
    if (answer === done) return done;
    if (answer === 'decided' || answer === 'early') return answer;
    throw unexpected(this.#commands.name, answer);
  }
}

async function* readInbox(
  client: RedisClient,
  { consumer, maxBytes, after }: InboxReader,
): AsyncGenerator<InboxSignal, void, void> {
  for (;;) {
    const from = after();
    const reply = await evaluate(client, {
      lua: TAKE,
      keys: [names.inbox, names.rejected],
      args: [consumer, COUNT, maxBytes, from === undefined ? '-' : `(${from}`],
    });
    const [taken, waiting, rejected] = replyList(reply);
    const events = replyList(taken).map(inboxEvent);
    yield { kind: 'events', events, counts: { waiting: Number(waiting), rejected: Number(rejected) } };
    if (events.length === 0 && from === undefined) await arrival(client, consumer);
  }
}

/**
 * Resolves when there is a new event, or after a while. The event itself comes with the next
 * reading, as all do.
 */
async function arrival(client: RedisClient, consumer: string): Promise<void> {
  const group = ['GROUP', GROUP, consumer, 'COUNT', 1, 'BLOCK', BLOCK_MS];
  await client.callBuffer('XREADGROUP', [...group, 'STREAMS', names.inbox, '>']);
}

function inboxEvent(reply: Reply): InboxEvent {
  const [id, bytes, fields] = replyList(reply);
  const pairs = fields === null ? undefined : pairsOf(replyList(fields));
  return {
    id: replyText(id),
    bytes: Number(bytes),
    fields: pairs?.map(([name, value]) => ({ name, value })),
  };
}

function rejectedEvent(reply: Reply): RejectedEvent {
  const [id, texts, sizes] = replyList(reply);
  const pairs = pairsOf(replyList(texts));
  const bytes = replyList(sizes);
  const isOurs = REJECTION_FIELDS.every((name, i) => pairs[i]?.[0].toString() === name);
  // An entry that was added to that stream by hand is listed too, without a reason.
  const own = isOurs ? REJECTION_FIELDS.length : 0;
  const [event = '', code = '', message = '', field = '', at = ''] = pairs
    .slice(0, own)
    .map(([, value]) => value.toString());
  return {
    id: replyText(id),
    event,
    code,
    message,
    field: field === '' ? undefined : field,
    at: Number.isNaN(Date.parse(at)) ? additionTime(replyText(id)) : at,
    fields: pairs
      .slice(own)
      .map(([name, value], i) => ({ name, value, bytes: Number(bytes[2 * (own + i) + 1]) })),
  };
}

/** The last moment that a date can say, milliseconds since 1970. */
const LAST_DATE = 8_640_000_000_000_000;

/** The time in the id of an entry, which is that of its addition unless it was given another. */
function additionTime(id: string): string {
  return new Date(Math.min(Number(id.split('-')[0]), LAST_DATE)).toISOString();
}

/** Name and value, of a reply that alternates between them. A name may come twice. */
function pairsOf(items: readonly Reply[]): [Buffer, Buffer][] {
  const pairs: [Buffer, Buffer][] = [];
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [name, value] = [items[i], items[i + 1]];
    if (Buffer.isBuffer(name) && Buffer.isBuffer(value)) pairs.push([name, value]);
  }
  return pairs;
}
