/** The state that the client reports. */
import type { CheckedOptions } from './options.js';
import type { Machine } from './machine.js';

/** The state of a client. */
export interface ClientStatus {
  /**
   * - `starting` there is nothing to evaluate yet, or only a saved copy that no source was asked
   *   about
   * - `streaming` a stream is open: changes arrive as they are made
   * - `polling` none is open: changes arrive with the next round through the sources, if one of
   *   them answers
   * - `closed`
   */
  readonly state: 'starting' | 'streaming' | 'polling' | 'closed';
  /** Decimal text; `undefined` while there is nothing. */
  readonly environment: string | undefined;
  /** Decimal text; `undefined` while there is nothing. */
  readonly version: string | undefined;
  /**
   * The URL of the source that last brought something or confirmed what is there; `saved` until one
   * did.
   */
  readonly source: string | undefined;
  /**
   * Milliseconds since the ruleset was last known to be the newest; `undefined` while there is
   * nothing.
   */
  readonly age: number | undefined;
  /**
   * True when the ruleset may be out of date: nothing is there, or only the saved copy, or `age` is
   * above `staleAfter`.
   */
  readonly stale: boolean;
  /** Streams that were opened with 200 and ended too soon, over all sources. */
  readonly shortConnections: number;
  readonly sources: readonly SourceStatus[];
}

/** The state of one source. */
export interface SourceStatus {
  readonly url: string;
  /**
   * - `untried`
   * - `ok` it answered the last request
   * - `behind` it is older than the client, which therefore asked the next source
   * - `failing` tried again after a time
   * - `refused` it refuses the key; `retry()` asks it again
   */
  readonly state: 'untried' | 'ok' | 'behind' | 'failing' | 'refused';
  /** Its version when it was seen to be behind. Decimal text. */
  readonly behindAt: string | undefined;
  /** A description of its last problem, for people. */
  readonly problem: string | undefined;
  /** Requests for snapshots so far. */
  readonly snapshots: number;
  /** Requests for the stream so far; 0 for a source whose stream is not used. */
  readonly connections: number;
  /** The part of these that was answered 200 and ended too soon. */
  readonly shortConnections: number;
  /** Failures of its stream in a row. */
  readonly streamFailures: number;
}

/**
 * Describes the state of a client.
 *
 * @param now the time of the machine's clock
 */
export function statusOf(
  { cursor, sources, phase }: Machine,
  { sources: urls, rules }: CheckedOptions,
  now: number,
): ClientStatus {
  const { basis, confirmedAt } = cursor;
  const has = basis !== 'nothing';
  const age = confirmedAt === undefined ? undefined : Math.max(0, now - confirmedAt);
  const from = cursor.source === undefined ? undefined : urls[cursor.source]?.url;
  return {
    state: phase,
    environment: has ? `${cursor.environment}` : undefined,
    version: has ? `${cursor.version}` : undefined,
    source: basis === 'saved' ? 'saved' : from,
    age,
    stale: basis !== 'source' || age === undefined || age > rules.staleAfter,
    shortConnections: sources.reduce((sum, { shortLived }) => sum + shortLived, 0),
    sources: sources.map((source): SourceStatus => {
      const { snapshots, stream, refusal, behind, shortLived } = source;
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
        shortConnections: shortLived,
        streamFailures: stream.failures,
      };
    }),
  };
}
