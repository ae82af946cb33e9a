/**
 * Tells whether memory grows, from samples that go up and down with each collection of garbage:
 * only the lowest ones say what is in use. Pure.
 */
import { median } from './statistics.js';

export interface Sample {
  /** Minutes since the first. */
  readonly at: number;
  readonly value: number;
}

/** The lowest sample of each of so many equal spans of time; a span without samples has none. */
export function lowerEnvelope(samples: readonly Sample[], spans: number): Sample[] {
  const end = samples.at(-1)?.at ?? 0;
  const lowest = new Map<number, Sample>();
  for (const sample of samples) {
    const span = Math.min(spans - 1, Math.floor((sample.at / end) * spans));
    const known = lowest.get(span);
    if (known === undefined || sample.value < known.value) lowest.set(span, sample);
  }
  return [...lowest.values()];
}

/**
 * Growth in a minute: the median of the slopes of all pairs (Theil and Sen), which one odd sample
 * does not move.
 */
export function slope(samples: readonly Sample[]): number {
  const slopes = samples.flatMap((b, i) =>
    samples.slice(0, i).map((a) => (b.value - a.value) / (b.at - a.at)),
  );
  return median(slopes);
}

export interface Trend {
  /** The lowest value of the first and of the last span that count. */
  readonly first: number;
  readonly last: number;
  /** Growth in an hour, if it went on as it did. */
  readonly hourly: number;
  readonly flat: boolean;
}

/**
 * Spans of time: enough for a slope, and few enough for a full collection in each, which a node
 * under little load needs a minute for.
 */
const SPANS = 8;
/** The first samples do not count: caches fill, code is compiled. */
const WARM_UP = 2;
/** The rise of the envelope, as a share of its height, up to which it counts as flat. */
const TOLERANCE = 0.1;

/** The trend of samples that ascend by time. There must be enough for several in each span. */
export function trend(samples: readonly Sample[]): Trend {
  const envelope = lowerEnvelope(samples, SPANS).slice(WARM_UP);
  const [first, last] = [envelope[0]!, envelope.at(-1)!];
  const minute = slope(envelope);
  const height = median(envelope.map(({ value }) => value));
  const flat = minute * (last.at - first.at) <= TOLERANCE * height;
  return { first: first.value, last: last.value, hourly: 60 * minute, flat };
}
