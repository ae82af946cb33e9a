/**
 * The client: does what the machine decides, with requests, timers, the saved copy, and listeners.
 */
import { messageOf } from '../core/errors.js';
import type { Clock } from '../core/clock.js';
import { evaluateFor, type Details } from './evaluate.js';
import type { PlainContexts } from './contexts.js';
import { Evaluator } from '../evaluate/evaluator.js';
import type { Action, Event, Saved } from './events.js';
import { ChangeListeners, type RulesetChange } from './listeners.js';
import { Machine } from './machine.js';
import { merge, type Message } from './message.js';
import { checkKey, type CheckedOptions } from './options.js';
import { Readiness } from './readiness.js';
import { decodeSaved, encodeSaved, environmentOfKey } from './saved.js';
import { Saver, type SetTimer } from './saver.js';
import { statusOf, type ClientStatus } from './status.js';
import { fetchSnapshot, readStream, type RequestTarget } from './transport.js';
import { isLike, type ClientValue, type Like } from './values.js';
import type { Ruleset } from '../ruleset/ruleset.js';

/** The clock of a client: time, random numbers and timers, which tests replace. */
export interface ClientClock extends Pick<Clock, 'now' | 'monotonic' | 'random'> {
  /** A timer that keeps no process alive. */
  readonly setTimer: SetTimer;
  /** A timer that does: a caller waits for it. */
  readonly setWaitedTimer: SetTimer;
}

/** A saved copy is refreshed when its age is off by more than that. Milliseconds. */
const RESAVE_AFTER = 600_000;

/**
 * Follows the rulesets of its sources and evaluates them in this process. `createClient` makes one.
 */
export class HoldfastClient {
  readonly #options: CheckedOptions;
  readonly #clock: ClientClock;
  readonly #machine: Machine;
  readonly #readiness = new Readiness();
  readonly #listeners = new ChangeListeners((text) => this.#warn(text));
  readonly #attempts = new Map<number, AbortController>();
  readonly #saver: Saver | undefined;
  #key: string;
  #ruleset: Ruleset | undefined;
  #evaluator: Evaluator | undefined;
  /** The message of the event that is being handled. */
  #message: Message | undefined;
  #cancelTimer: (() => void) | undefined;
  /** The `confirmedAt` of what is saved, by the monotonic clock. */
  #savedAs = -Infinity;

  constructor(options: CheckedOptions, clock: ClientClock) {
    this.#options = options;
    this.#clock = clock;
    this.#key = options.key;
    this.#machine = new Machine(
      options.sources.map(({ streams }) => streams),
      options.rules,
    );
    if (options.lastGood !== undefined) {
      const state = () => this.#stateToSave();
      this.#saver = new Saver(options.lastGood, state, clock.setTimer, (text) => this.#warn(text));
    }
    void this.#start();
  }

  /**
   * Resolves when there is something to evaluate: what a source sent, or, if every source is down,
   * what was saved.
   *
   * @throws ClientError `refused` when every source refuses the key, `unreachable` after
   *   `readyTimeout`, `closed`. In the first two cases the client goes on, and this may be called
   *   again
   */
  ready(): Promise<void> {
    const { setWaitedTimer } = this.#clock;
    return this.#readiness.wait(this.#options.readyTimeout, setWaitedTimer, () => this.#problems());
  }

  /**
   * Returns the value of a key, or the default: when there is no such key, no rule applies, the
   * value is none for a client, or it is of another type than the default. Never throws.
   */
  get(key: string, context?: PlainContexts): ClientValue | undefined;
  get<T extends ClientValue>(key: string, context: PlainContexts | undefined, fallback: T): Like<T>;
  get(key: string, context?: PlainContexts, fallback?: ClientValue): ClientValue | undefined {
    const { value } = this.evaluate(key, context);
    if (value === undefined) return fallback;
    return fallback === undefined || isLike(value, fallback) ? value : fallback;
  }

  /** Returns the value of a key and the reason for it. Never throws. */
  evaluate(key: string, context?: PlainContexts): Details {
    return evaluateFor(this.#evaluator, key, [this.#options.context, context], this.#clock.now());
  }

  /**
   * Calls `listener` after each change; an error that it throws is a warning. The function that is
   * returned ends that.
   */
  onChange(listener: (change: RulesetChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Returns the state of the client and of each source. */
  status(): ClientStatus {
    return statusOf(this.#machine, this.#options, this.#clock.monotonic());
  }

  /**
   * Asks every source again now, also those that refuse the key, and those that asked not to come
   * back.
   *
   * @param key replaces the key
   * @throws ClientError `option_invalid` for a key that is none
   */
  retry(key?: string): void {
    if (key !== undefined) this.#key = checkKey(key);
    this.#readiness.reset();
    this.#handle({ kind: 'reset' });
  }

  /**
   * Ends every request and timer, and saves what is not saved yet. Evaluation continues with the
   * ruleset that is there.
   */
  async close(): Promise<void> {
    if (this.#machine.phase === 'closed') return;
    this.#handle({ kind: 'close' });
    this.#listeners.clear();
    this.#readiness.close();
    await this.#saver?.close();
  }

  async #start(): Promise<void> {
    const saved = await this.#load();
    this.#handle({ kind: 'start', saved });
  }

  /** Loads the saved copy; a copy that cannot be used is a warning. */
  async #load(): Promise<Saved | undefined> {
    const { lastGood } = this.#options;
    if (lastGood === undefined) return undefined;
    try {
      const bytes = await lastGood.load();
      if (bytes === undefined) return undefined;
      const { environment, version, confirmedAt, message } = decodeSaved(bytes);
      const expected = environmentOfKey(this.#key);
      if (expected !== undefined && expected !== environment) {
        throw new Error(`it is of environment ${environment}, and the key is for ${expected}`);
      }
      this.#hold(merge(undefined, message, version, environment).ruleset);
      return { environment, version, age: Math.max(0, this.#clock.now() - confirmedAt) };
    } catch (error) {
      this.#warn(`the saved ruleset is ignored: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** @param message the message that came with the event */
  #handle(event: Event, message?: Message): void {
    this.#message = message;
    const { monotonic, random } = this.#clock;
    for (const action of this.#machine.handle(event, { now: monotonic(), random })) {
      this.#perform(action);
    }
    this.#message = undefined;
    this.#schedule();
    this.#saveIfOlder();
    this.#listeners.notify();
  }

  #perform(action: Action): void {
    switch (action.kind) {
      case 'fetch':
        void this.#fetch(action);
        return;
      case 'subscribe':
        void this.#subscribe(action);
        return;
      case 'abort':
        this.#attempts.get(action.attempt)?.abort();
        this.#attempts.delete(action.attempt);
        return;
      case 'merge':
        this.#merge();
        return;
      case 'forget':
        this.#ruleset = undefined;
        this.#evaluator = undefined;
        this.#warn('the saved ruleset is of another environment than the key, and is ignored');
        return;
      case 'ready':
        this.#readiness.ready();
        return;
      case 'allRefused':
        this.#readiness.allRefused(this.#problems());
        return;
      case 'warn':
        this.#warn(`${this.#options.sources[action.source]?.url ?? ''} ${action.text}`);
        return;
    }
  }

  async #fetch({ attempt, source, from, known }: Extract<Action, { kind: 'fetch' }>): Promise<void> {
    const { answer, message } = await fetchSnapshot(this.#target(attempt, source), { from, known });
    this.#attempts.delete(attempt);
    this.#handle({ kind: 'answer', attempt, answer }, message);
  }

  async #subscribe({ attempt, source, from }: Extract<Action, { kind: 'subscribe' }>): Promise<void> {
    const end = await readStream(this.#target(attempt, source), from, {
      opened: () => this.#handle({ kind: 'opened', attempt }),
      bytes: () => this.#handle({ kind: 'bytes', attempt }),
      retry: (milliseconds) => this.#handle({ kind: 'retry', attempt, milliseconds }),
      message: (message, version) => {
        this.#handle({ kind: 'message', attempt, environment: message.environment, version }, message);
      },
    });
    this.#attempts.delete(attempt);
    this.#handle({ kind: 'ended', attempt, end });
  }

  #target(attempt: number, source: number): RequestTarget {
    const controller = new AbortController();
    this.#attempts.set(attempt, controller);
    const url = this.#options.sources[source]?.url ?? '';
    return { url, key: this.#key, fetch: this.#options.fetch, signal: controller.signal };
  }

  #merge(): void {
    const { environment, version } = this.#machine.cursor;
    if (this.#message === undefined || environment === undefined) return;
    const { ruleset, keys, changed } = merge(this.#ruleset, this.#message, version, environment);
    this.#hold(ruleset);
    if (!changed) return;
    this.#listeners.changed({ version: `${ruleset.version}`, keys });
    this.#save();
  }

  #hold(ruleset: Ruleset): void {
    if (ruleset !== this.#ruleset) this.#evaluator = new Evaluator(ruleset);
    this.#ruleset = ruleset;
  }

  /** Sets the one timer to the time at which the machine has something to do. */
  #schedule(): void {
    this.#cancelTimer?.();
    const { wakeAt } = this.#machine;
    const { monotonic, setTimer } = this.#clock;
    this.#cancelTimer =
      wakeAt === Infinity
        ? undefined
        : setTimer(() => this.#handle({ kind: 'time' }), Math.max(0, Math.ceil(wakeAt - monotonic())));
  }

  #save(): void {
    this.#savedAs = this.#machine.cursor.confirmedAt ?? -Infinity;
    this.#saver?.changed();
  }

  #saveIfOlder(): void {
    const { basis, confirmedAt = -Infinity } = this.#machine.cursor;
    if (basis === 'source' && confirmedAt - this.#savedAs > RESAVE_AFTER) this.#save();
  }

  #stateToSave(): Uint8Array | undefined {
    const { confirmedAt } = this.#machine.cursor;
    if (this.#ruleset === undefined || confirmedAt === undefined) return undefined;
    const { now, monotonic } = this.#clock;
    return encodeSaved(this.#ruleset, now() - (monotonic() - confirmedAt));
  }

  #warn(text: string): void {
    try {
      this.#options.onWarning(text);
    } catch {
      // There is no one left to warn of a listener for warnings that throws.
    }
  }

  #problems(): string {
    const { sources } = this.status();
    return sources.map(({ url, problem }) => `${url} ${problem ?? 'has not answered yet'}`).join('; ');
  }
}
