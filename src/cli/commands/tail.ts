/**
 * `tail`: subscribes as a client would, and prints each delta as it arrives.
 *
 * Deltas go to standard output, everything about the connection to standard error. The stream is
 * taken up again where it stopped, by `Last-Event-ID`, so nothing is missing and nothing comes
 * twice.
 */
import { equalJitter } from '../../core/backoff.js';
import { messageOf } from '../../core/errors.js';
import { SseParser, type SseBlock } from '../../core/sse.js';
import { USER_AGENT } from '../../core/version.js';
import { decodeConfigs } from '../../ruleset/codec.js';
import type { Config } from '../../ruleset/model.js';
import { parseVersion } from '../../ruleset/version.js';
import { refusal, unreachable, type Api } from '../api.js';
import type { CommandContext } from '../context.js';
import { count } from '../format.js';
import { formatTime, timeOfId } from '../value.js';
import { summarizeConfig } from '../../words/configs.js';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** A connection that lasted this long was a good one, also if nothing happened on it. */
const GOOD_CONNECTION_MS = 10_000;
/**
 * Older deltas are history that the stream began with; how long they took to arrive says nothing.
 */
const FRESH_MS = 60_000;
/** Answers after which trying again can help; any other is final. */
const PASSING_STATUSES: readonly number[] = [429, 500, 502, 503, 504];

/** Runs until the signal aborts. Rejects when the server refuses the subscription for good. */
export async function tail(context: CommandContext): Promise<void> {
  const { around } = context;
  const api = await context.api();
  const reader = new Reader(context);
  let failures = 0;
  for (;;) {
    const started = around.now();
    const before = reader.events;
    const reason = await connect(context, api, reader);
    if (around.signal.aborted) return;
    // A stream that ends immediately without an event is a failure too, or it would be asked for
    // again and again.
    const good = reader.events > before || around.now() - started >= GOOD_CONNECTION_MS;
    failures = good ? 0 : failures + 1;
    const wait = delay(failures, reader.retry, around.random());
    const from = reader.lastEventId === undefined ? 'from the start' : `after version ${reader.lastEventId}`;
    context.err.line(`${reason.replace(/\.$/, '')}; again in ${(wait / 1000).toFixed(1)} s, ${from}`);
    await around.sleep(wait, around.signal);
  }
}

/**
 * The delay before the next connection: the server's `retry:`, doubled for each failure in a row,
 * with jitter.
 */
function delay(failures: number, retry: number, random: number): number {
  return equalJitter(Math.max(failures, 1), { first: retry, max: LONGEST_DELAY_MS }, random);
}

/** One connection, from request to end. Returns why it ended. */
async function connect({ around, err }: CommandContext, api: Api, reader: Reader): Promise<string> {
  const url = api.url('/api/v1/sse/config');
  const headers = {
    accept: 'text/event-stream',
    'cache-control': 'no-cache',
    'user-agent': USER_AGENT,
    authorization: api.authorization('client'),
    ...(reader.lastEventId === undefined ? {} : { 'last-event-id': reader.lastEventId }),
  };
  let response: Response;
  try {
    response = await around.fetch(url, { headers, signal: around.signal });
  } catch (error) {
    return messageOf(unreachable(api.url(''), error));
  }
  if (response.status !== 200) {
    const error = refusal(response.status, await response.text().catch(() => ''), api.url(''));
    if (!PASSING_STATUSES.includes(response.status)) throw error;
    return error.message;
  }
  err.line(`Subscribed to ${url}`);
  try {
    await reader.read(response);
    return 'The stream ended';
  } catch (error) {
    return `The connection broke (${messageOf(error)})`;
  }
}

/** The state that is kept from one connection to the next. */
class Reader {
  /** The id of the last event that was printed. */
  lastEventId: string | undefined;
  /** Milliseconds to wait before a new connection, as the server asked. */
  retry = FIRST_DELAY_MS;
  /** The number of events so far. */
  events = 0;
  readonly #context: CommandContext;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  async read(response: Response): Promise<void> {
    // One parser per connection: half an event of the last one must not be glued to the first of
    // this one.
    const parser = new SseParser();
    if (response.body === null) return;
    const chunks: AsyncIterable<Uint8Array> = response.body;
    for await (const chunk of chunks) {
      for (const block of parser.read(chunk)) {
        if (block.kind === 'event') this.#take(block);
        else if (block.kind === 'retry') this.retry = block.milliseconds;
      }
    }
  }

  #take({ id, data }: Extract<SseBlock, { kind: 'event' }>): void {
    const { around, out, err, json } = this.#context;
    const now = around.now();
    this.events++;
    try {
      const { configs = [], configServicePointer } = decodeConfigs(Buffer.from(data, 'base64'));
      const environment = configServicePointer?.projectEnvId ?? '0';
      if (json) {
        out.jsonLine({ version: id ?? null, environment, configs });
      } else {
        out.line(headline(id, configs.length, now));
        for (const config of configs) out.line(line(config, environment));
      }
    } catch (error) {
      err.line(`The event ${id ?? 'without id'} cannot be read: ${messageOf(error)}`);
    }
    if (parseVersion(id) !== undefined) this.lastEventId = id;
  }
}

function headline(id: string | undefined, configs: number, now: number): string {
  const committed = timeOfId(id, now);
  const time = new Date(now).toISOString().slice(11, 23);
  return `${time} version ${id ?? 'unknown'}, ${count(configs, 'config')}${age(committed, now)}`;
}

/** Clocks of two machines differ, so a negative number is possible and is shown. */
function age(committed: number | undefined, now: number): string {
  if (committed === undefined) return '';
  const passed = now - committed;
  return passed < FRESH_MS ? `, ${passed} ms after the commit` : `, committed ${formatTime(committed)}`;
}

function line(config: Config, environment: string): string {
  const { key = '', configType = '' } = config;
  const text =
    configType === 'DELETED'
      ? `deleted  ${key}`
      : `set      ${key}  ${configType}  ${summarizeConfig(config, environment)}`;
  return `  ${text}`;
}
