/**
 * The port to tracing. Its one implementation, open-tracing.ts, uses OpenTelemetry and is loaded only
 * where traces are wanted; without it nothing here does anything but call the work.
 *
 * A trace is named by its `traceparent`, in the form of W3C Trace Context. It goes on with a change
 * through the feed, so that one trace has the commit on one node and what other nodes make of it.
 */

import type { Logger } from 'pino';
import { HoldfastError, messageOf } from '../core/errors.js';

/** Facts of a span, by their names. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** The kind of a span: answers a request, asks another process, reads what another sent, or neither. */
export type SpanType = 'server' | 'client' | 'consumer' | 'internal';

/** The reason for which the work of a span failed. */
export interface SpanFailure {
  /** One of few: an error code or a status. */
  readonly type: string;
  readonly message: string;
}

/** A span under way. */
export interface ActiveSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** False: it is not sent, and facts of it are lost. What costs much to find out need not be. */
  readonly sampled: boolean;
  /** Runs work inside of the span: spans that begin there are its children. */
  within<T>(work: () => T): T;
  set(attributes: SpanAttributes): void;
  /** Renames the span, for what is known only at its end. */
  rename(name: string): void;
  /** Ends the span. Later calls do nothing. @param failure the reason for which the work failed */
  end(failure?: SpanFailure): void;
}

/** A span that is over: of work whose beginning and end were seen in different places. */
export interface PastSpan {
  readonly name: string;
  readonly type: SpanType;
  /** The traceparent of the span that it belongs to. */
  readonly parent: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  /** The same; a start that is later, by a clock that is ahead, counts as the end. */
  readonly end: number;
  readonly attributes: SpanAttributes;
}

/** Makes spans. */
export interface Tracing {
  /**
   * Begins a span. Its parent is the one that `traceparent` names, when that is well-formed, else
   * the span under way, if any.
   */
  begin(name: string, type: SpanType, traceparent?: string): ActiveSpan;
  /** Records a span that is over. */
  record(span: PastSpan): void;
  /** The traceparent of the span under way; `undefined` without one. */
  current(): string | undefined;
  /** The fields of log lines that are written inside of a span. */
  fields(): Readonly<Record<string, string>>;
  /** Logs it, at most once a minute, when spans cannot be sent. */
  logProblems(log: Logger): void;
  /** Sends what waits, for at most two seconds. */
  close(): Promise<void>;
}

/** Runs work in a span that is a child of the one under way; without tracing it only runs it. */
export async function traced<T>(
  tracing: Tracing | undefined,
  name: string,
  work: (span: ActiveSpan | undefined) => Promise<T>,
  type: SpanType = 'internal',
): Promise<T> {
  if (tracing === undefined) return work(undefined);
  const span = tracing.begin(name, type);
  try {
    const result = await span.within(() => work(span));
    span.end();
    return result;
  } catch (error) {
    span.end({ type: error instanceof HoldfastError ? error.code : 'internal', message: messageOf(error) });
    throw error;
  }
}
