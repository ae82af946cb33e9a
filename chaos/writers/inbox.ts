/**
 * Commits as another system does: by adding events to the inbox with XADD, and again under the same
 * event id until there is an answer.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { messageOf } from '../../src/core/errors.js';
import { names } from '../../src/store/redis/names.js';
import type { Random } from '../random.js';
import { drawConfigs, invalidConfigs, tokenOf, writerKey } from './intent.js';
import type { Ledger, Outcome } from './ledger.js';
import type { Writer } from './writer.js';

export interface InboxWriterOptions {
  readonly name: string;
  readonly redisUrl: string;
  readonly environments: readonly bigint[];
  readonly ledger: Ledger;
  readonly random: Random;
}

/** Milliseconds between two events. */
const PACE: readonly [number, number] = [300, 900];
const AGAIN: readonly [number, number] = [100, 400];
const ATTEMPTS: readonly [number, number] = [1, 20];
const ANSWER_WITHIN = 1_000;
/** One in so many events must be rejected. */
const INVALID_CHANCE = 0.07;

export class InboxWriter implements Writer {
  readonly name: string;
  readonly #options: InboxWriterOptions;
  readonly #redis: Redis;
  #count = 0;

  constructor(options: InboxWriterOptions) {
    this.#options = options;
    this.name = options.name;
    this.#redis = new Redis(options.redisUrl, {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: ANSWER_WITHIN,
      retryStrategy: () => AGAIN[0],
    });
    // A failure is seen where an event is added.
    this.#redis.on('error', () => undefined);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { random } = this.#options;
    while (!signal.aborted) {
      await this.#add(random.integer(...ATTEMPTS));
      await pause(random.between(...PACE), undefined, { signal }).catch(() => undefined);
    }
    this.#redis.disconnect();
  }

  async #add(attempts: number): Promise<void> {
    const { environments, ledger, random } = this.#options;
    const token = tokenOf(this.name, ++this.#count);
    const environment = random.pick(environments);
    const valid = !random.chance(INVALID_CHANCE);
    const configs = valid ? drawConfigs(this.name, token, random) : invalidConfigs(this.name, token);
    const entry = ledger.begin({ token, environment, configs, valid }, writerKey(this.name));
    const fields = ['environment', `${environment}`, 'event', token, 'json', JSON.stringify({ configs })];
    let outcome: Outcome = { kind: 'unknown', reason: 'not tried' };
    for (let attempt = 0; attempt < attempts && outcome.kind !== 'accepted'; attempt++) {
      if (attempt > 0) await pause(random.between(...AGAIN));
      entry.attempts++;
      outcome = await this.#attempt(fields);
    }
    ledger.settle(entry, outcome);
  }

  async #attempt(fields: readonly string[]): Promise<Outcome> {
    try {
      await this.#redis.xadd(names.inbox, '*', ...fields);
      return { kind: 'accepted' };
    } catch (error) {
      return { kind: 'unknown', reason: messageOf(error) };
    }
  }
}
