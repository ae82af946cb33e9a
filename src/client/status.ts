/** What the client says of itself. */
import type { CheckedOptions } from './options.js';
import type { Machine } from './machine.js';

export interface ClientStatus {
  /**
   * - `starting` there is nothing to evaluate yet, or only a saved copy that no source was asked about
   * - `streaming` a stream is open: changes arrive as they are made
   * - `polling` none is open: changes arrive with the next round through the sources, if one of them answers
   * - `closed`
   */
  readonly state: 'starting' | 'streaming' | 'polling' | 'closed';
  /** Decimal text; `undefined` while there is nothing. */
  readonly environment: string | undefined;
  /** Decimal text; `undefined` while there is nothing. */
  readonly version: string | undefined;
  /** The URL of the source that last brought something or confirmed what is there; `saved` until one did. */
  readonly source: string | undefined;
  /** Milliseconds since what is there was last known to be the newest; `undefined` while there is nothing. */
  readonly age: number | undefined;
  /** Whether it may be out of date: nothing is there, or only the saved copy, or `age` is above `staleAfter`. */
  readonly stale: boolean;
  /** Streams that were opened with 200 and ended too soon, over all sources. */
  readonly shortConnections: number;
  readonly sources: readonly SourceStatus[];
}

export interface SourceStatus {
  readonly url: string;
  /**
   * - `untried`
   * - `ok` what was asked of it last, it answered
   * - `behind` it is older than what the client has, and was passed over
   * - `failing` tried again after a time
   * - `refused` it refuses the key; `retry()` revives it
   */
  readonly state: 'untried' | 'ok' | 'behind' | 'failing' | 'refused';
  /** Where it stood when it was seen to be behind. Decimal text. */
  readonly behindAt: string | undefined;
  /** What is wrong with it, for people. */
  readonly problem: string | undefined;
  /** Requests for snapshots so far. */
  readonly snapshots: number;
  /** Requests for the stream so far; 0 for a source whose stream is not used. */
  readonly connections: number;
  /** Of these, answered 200 and ended too soon. */
  readonly shortConnections: number;
  /** Failures of its stream in a row. */
  readonly streamFailures: number;
}

/** @param now by the machine's clock */
export function statusOf(
  { cursor: position, sources, phase }: Machine,
  { sources: urls, rules }: CheckedOptions,
  now: number,
): ClientStatus {
  const { basis, confirmedAt } = position;
  const has = basis !== 'nothing';
  const age = confirmedAt === undefined ? undefined : Math.max(0, now - confirmedAt);
  const from = position.source === undefined ? undefined : urls[position.source]?.url;
  return {
    state: phase,
    environment: has ? `${position.environment}` : undefined,
    version: has ? `${position.version}` : undefined,
    source: basis === 'saved' ? 'saved' : from,
    age,
    stale: basis !== 'source' || age === undefined || age > rules.staleAfter,
    shortConnections: sources.reduce((sum, { short }) => sum + short, 0),
    sources: sources.map((source): SourceStatus => {
      const { snapshots, stream, refusal, behind, short } = source;
      const problem = refusal ?? stream.problem ?? snapshots.problem;
      const isUntried = snapshots.attempts + stream.attempts === 0;
      const isFailing =
        snapshots.problem !== undefined || (stream.problem !== undefined && stream.failures > 0);
      return {
        url: urls[source.index]?.url ?? '',
        state:
          refusal !== undefined
            ? 'refused'
            : behind !== undefined
              ? 'behind'
              : isFailing
                ? 'failing'
                : isUntried
                  ? 'untried'
                  : 'ok',
        behindAt: behind === undefined ? undefined : `${behind}`,
        problem,
        snapshots: snapshots.attempts,
        connections: stream.attempts,
        shortConnections: short,
        streamFailures: stream.failures,
      };
    }),
  };
}
