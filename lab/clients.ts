/**
 * The clients that are compared. They differ in one thing only: when they come back after a stream
 * has ended.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import { fullJitter } from '../src/core/backoff.js';
import type { Journal } from './journal.js';
import { readStream, type Outcome } from './stream.js';
import type { Target } from './target.js';

export const CLIENT_KINDS = ['naive', 'EventSource', 'back-off', 'no pause', 'late joiner'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

/**
 * The pause of the naive loop after an end, as in the Node SDK: however short the stream was.
 * Milliseconds.
 */
const NAIVE_PAUSE = 1_000;
/**
 * The rule of Holdfast's client: a stream that ends sooner has failed, and failures back off.
 * Milliseconds.
 */
const MIN_CONNECTION = 5_000;
const BACKOFF = { first: 1_000, max: 30_000 };
/**
 * A loop without a pause is stopped after so many requests, so that it measures the cache and not
 * this machine.
 */
const NO_PAUSE_MOST = 2_000;
/** The time that a late joiner stays, and the time that it is away. Milliseconds. */
const JOINER_STAYS = 1_000;
const JOINER_PAUSE = 3_000;

/** Runs a client until the signal. Rejects only for a defect of the lab. */
export async function runClient(
  kind: ClientKind,
  target: Target,
  journal: Journal,
  signal: AbortSignal,
): Promise<void> {
  switch (kind) {
    case 'naive':
      return loop(target, journal, signal, () => NAIVE_PAUSE);
    case 'back-off':
      return loop(target, journal, signal, backOff());
    case 'no pause':
      return loop(target, journal, signal, () => (journal.requests.length < NO_PAUSE_MOST ? 0 : Infinity));
    case 'late joiner':
      return joinAgain(target, journal, signal);
    case 'EventSource':
      return runEventSource(target, journal, signal);
  }
}

/** @param pauseAfter milliseconds, by how the stream went; Infinity: it does not come back */
async function loop(
  target: Target,
  journal: Journal,
  signal: AbortSignal,
  pauseAfter: (outcome: Outcome) => number,
): Promise<void> {
  while (!signal.aborted) {
    const pause = pauseAfter(await readStream(target, journal, signal));
    if (pause === Infinity) return;
    await pauseFor(pause, signal);
  }
}

function backOff(): (outcome: Outcome) => number {
  let failures = 0;
  return ({ lasted = 0, retry = 0 }) => {
    failures = lasted < MIN_CONNECTION ? failures + 1 : 0;
    return retry + fullJitter(failures, BACKOFF, Math.random());
  };
}

/** The download of a client that joins a stream which is open already. */
async function joinAgain(target: Target, journal: Journal, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const stay = AbortSignal.timeout(JOINER_STAYS);
    await readStream(target, journal, AbortSignal.any([signal, stay]));
    await pauseFor(JOINER_PAUSE, signal);
  }
}

/**
 * The npm package of that name, which does what browsers do. It gives up for good on any status but
 * 200, as they do.
 */
function runEventSource(target: Target, journal: Journal, signal: AbortSignal): Promise<void> {
  const source = new EventSource(target.url, {
    fetch: (url, init) => {
      journal.request();
      return fetch(url, { ...init, headers: { ...init.headers, ...target.headers } });
    },
  });
  let connection: ReturnType<Journal['open']> | undefined;
  source.onopen = () => (connection = journal.open());
  source.onmessage = ({ data }: { data: string }) => journal.see(target.numbersIn(data));
  source.onerror = () => {
    if (connection === undefined) journal.refused++;
    else journal.end(connection);
    connection = undefined;
  };
  return new Promise((resolve) => {
    const close = (): void => {
      source.close();
      resolve();
    };
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true });
  });
}

async function pauseFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
