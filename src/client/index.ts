/**
 * The client library, `holdfast/client`: reads rulesets from the first source that has them,
 * follows changes, and evaluates in this process. docs/client.md. Nothing of Node is imported: it
 * runs in browsers too.
 */
import { systemClock } from '../core/clock.js';
import { HoldfastClient, type ClientClock } from './client.js';
import { checkOptions, type ClientOptions } from './options.js';

export type { HoldfastClient } from './client.js';
export type { PlainContexts, PlainValue } from './contexts.js';
export { ClientError, type ClientErrorCode } from './errors.js';
export type { Details } from './evaluate.js';
export type { RulesetChange } from './listeners.js';
export { inLocalStorage, inMemory, type KeyValueStorage } from './last-good.js';
export type { ClientOptions, SourceOptions } from './options.js';
export type { LastGood } from './saved.js';
export type { ClientStatus, SourceStatus } from './status.js';
export type { ClientValue, Json, Like } from './values.js';

/**
 * Starts a client; it begins to ask its sources immediately.
 *
 * @throws ClientError `option_invalid`
 */
export function createClient(options: ClientOptions): HoldfastClient {
  return new HoldfastClient(checkOptions(options), platform());
}

function platform(): ClientClock {
  return {
    ...systemClock,
    setTimer: (callback, milliseconds) => startTimer(callback, milliseconds, false),
    setWaitedTimer: (callback, milliseconds) => startTimer(callback, milliseconds, true),
  };
}

/**
 * Timers hold more than 24 days badly; the machine looks at the clock again whenever it is woken.
 */
const MAX_TIMER = 2 ** 31 - 1;

function startTimer(callback: () => void, milliseconds: number, keepsAlive: boolean): () => void {
  const timer: unknown = setTimeout(callback, Math.min(milliseconds, MAX_TIMER));
  // In Node a timer is an object, and a process that has nothing else to do may end. In browsers it
  // is a number.
  if (!keepsAlive && typeof timer === 'object' && timer !== null && 'unref' in timer) {
    (timer as { unref: () => void }).unref();
  }
  return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
}
