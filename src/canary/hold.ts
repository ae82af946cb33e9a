/**
 * One hold of the canary: an ordinary subscription at a proxy's client port, over a socket of its
 * own, that is opened again whenever it ends.
 */
import { Client, type Dispatcher } from 'undici';
import { equalJitter, type BackoffRange } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import { SseParser } from '../core/sse.js';
import { USER_AGENT } from '../core/version.js';
import { parseVersion } from '../ruleset/version.js';
import type { CanaryTarget } from './targets.js';

/** The collaborators of a hold. */
export interface CanaryHoldOptions {
  readonly target: CanaryTarget;
  /** The text of the canary's API key. */
  readonly key: string;
  /** Milliseconds without a byte after which the connection counts as lost. */
  readonly idle: number;
  readonly clock: Clock;
  /** Called with the version of each event. */
  readonly onEvent: (version: bigint) => void;
}

/** Milliseconds. The limit is small compared to T, because a proxy that is back should be seen soon. */
const BACKOFF: BackoffRange = { first: 500, max: 5_000 };

/** Milliseconds from a request to the headers of its answer. */
const ANSWER_MS = 10_000;

/** The longest part of a refusal that is kept, characters. */
const REASON_MAX = 200;

/** Keeps a subscription open. */
export class CanaryHold {
  readonly #options: CanaryHoldOptions;
  #error: string | undefined = 'it is not connected yet';
  #lastId: bigint | undefined;

  constructor(options: CanaryHoldOptions) {
    this.#options = options;
  }

  get target(): CanaryTarget {
    return this.#options.target;
  }

  /** The reason why no stream is open; `undefined` while one is. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Subscribes, and again whenever the stream ends, until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const client = this.#connect();
      try {
        await this.#follow(client, signal, () => (failures = 0));
        this.#error = 'the stream ended';
      } catch (error) {
        this.#error = messageOf(error).slice(0, REASON_MAX);
      } finally {
        await client.destroy();
      }
      await clock.sleep(equalJitter(++failures, BACKOFF, clock.random()), signal);
    }
  }

  /** A client for each try, so that no hold waits behind a connection that is stuck. */
  #connect(): Client {
    const { target, idle } = this.#options;
    const url = new URL(target.clientUrl);
    const host = target.ip?.includes(':') === true ? `[${target.ip}]` : target.ip;
    const origin = host === undefined ? url.origin : `${url.protocol}//${host}:${url.port || '80'}`;
    return new Client(origin, { connectTimeout: ANSWER_MS, headersTimeout: ANSWER_MS, bodyTimeout: idle });
  }

  async #follow(client: Client, signal: AbortSignal, onOpen: () => void): Promise<void> {
    const { key, target } = this.#options;
    const url = new URL(target.clientUrl);
    const response = await client.request({
      method: 'GET',
      path: `${url.pathname.replace(/\/$/, '')}/api/v1/sse/config`,
      headers: {
        host: url.host,
        accept: 'text/event-stream',
        'user-agent': `${USER_AGENT} canary`,
        authorization: `Basic ${Buffer.from(`canary:${key}`).toString('base64')}`,
        ...(this.#lastId === undefined ? {} : { 'last-event-id': `${this.#lastId}` }),
      },
      signal,
    });
    if (response.statusCode !== 200) throw new Error(await refusalOf(response));
    this.#error = undefined;
    onOpen();
    await this.#read(response.body);
  }

  async #read(body: AsyncIterable<Uint8Array>): Promise<void> {
    const parser = new SseParser();
    for await (const chunk of body) {
      for (const block of parser.read(chunk)) {
        const version = block.kind === 'event' ? parseVersion(block.id) : undefined;
        if (version === undefined) continue;
        this.#lastId = version;
        this.#options.onEvent(version);
      }
    }
  }
}

async function refusalOf({ statusCode, body }: Dispatcher.ResponseData): Promise<string> {
  const text = (await body.text()).slice(0, REASON_MAX).trim();
  return `the subscription was answered ${statusCode}: ${text}`;
}
