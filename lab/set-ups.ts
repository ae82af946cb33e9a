/** The set-ups by name. */
import { startHoldfast } from './holdfast.js';
import type { SetUp } from './set-up.js';
import { startStreamingMiss, type StreamingMissOptions } from './streaming-miss.js';

/** The published example has streams of 30 s. */
const ADVISED: StreamingMissOptions = { vcl: 'streaming-miss', duration: 30, ttl: 28, end: 'ended' };

interface Known {
  readonly title: string;
  readonly start: () => Promise<SetUp>;
}

function streamingMiss(title: string, differently: Partial<StreamingMissOptions> = {}): Known {
  return { title, start: () => startStreamingMiss({ ...ADVISED, ...differently }) };
}

export const SET_UPS = {
  a: streamingMiss('(a) streaming miss'),
  b: streamingMiss('(b) with the workaround', { vcl: 'drop-finished' }),
  c: { title: '(c) Holdfast and Pushpin', start: startHoldfast },
  'a-aborted': streamingMiss('(a), streams aborted', { end: 'aborted' }),
  'b-literal': streamingMiss('(b), literal form', { vcl: 'drop-literal' }),
  'a-10': streamingMiss('(a), streams of 10 s, TTL 8 s', { duration: 10, ttl: 8 }),
  'a-ttl-2': streamingMiss('(a), streams of 30 s, TTL 2 s', { ttl: 2 }),
} as const satisfies Record<string, Known>;

export type SetUpName = keyof typeof SET_UPS;

export function isSetUpName(name: string): name is SetUpName {
  return name in SET_UPS;
}

export function titleOf(name: string): string {
  return isSetUpName(name) ? SET_UPS[name].title : name;
}

/** Starts set-ups, uses them, and ends them, also when one could not be started. */
export async function withSetUps<T>(
  names: readonly SetUpName[],
  use: (setUps: ReadonlyMap<string, SetUp>) => Promise<T>,
): Promise<T> {
  const started = new Map<string, SetUp>();
  try {
    // One after the other: side by side, their compilers and start-up times make each other late.
    for (const name of names) started.set(name, await SET_UPS[name].start());
    return await use(started);
  } finally {
    await Promise.all([...started.values()].map((setUp) => setUp.stop()));
  }
}
