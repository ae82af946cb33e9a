/**
 * Tracing by OpenTelemetry, sent by OTLP over HTTP in protobuf. To be loaded by a dynamic import,
 * because it costs 150 ms and 16 MiB at start (measured on 2 loaded cores).
 *
 * The packages read their own variables: `OTEL_EXPORTER_OTLP_*`, `OTEL_TRACES_SAMPLER`,
 * `OTEL_TRACES_SAMPLER_ARG`, `OTEL_BSP_*`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  diag,
  DiagLogLevel,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { messageOf } from '../core/errors.js';
import type { Logger, LogOrigin } from './log.js';
import type { ActiveSpan, PastSpan, SpanAttributes, SpanFailure, SpanType, Tracing } from './tracing.js';

/** The milliseconds that the spans that wait may take at the end. */
const CLOSE_MS = 2_000;

/** Problems of sending are logged once in so long, milliseconds. */
const PROBLEM_MS = 60_000;

const KINDS: Readonly<Record<SpanType, SpanKind>> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};

/**
 * Opens tracing.
 *
 * @param origin names the service instance
 */
export function openTracing({ node, version }: LogOrigin): Tracing {
  const known = {
    'service.name': 'holdfast',
    'service.version': version,
    'service.instance.id': node,
  };
  const given = detectResources({ detectors: [envDetector] });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes(known).merge(given),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  return new OpenTelemetryTracing(provider, provider.getTracer('holdfast', version));
}

class OpenTelemetryTracing implements Tracing {
  readonly #provider: BasicTracerProvider;
  readonly #tracer: Tracer;
  readonly #active = new ActiveSpans();

  constructor(provider: BasicTracerProvider, tracer: Tracer) {
    this.#provider = provider;
    this.#tracer = tracer;
  }

  begin(name: string, type: SpanType, traceparent?: string): ActiveSpan {
    const active = this.#active.current();
    const around = active === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, active);
    const parent = remoteContext(traceparent) ?? around;
    const span = this.#tracer.startSpan(name, { kind: KINDS[type] }, parent);
    if (!span.isRecording()) this.#active.rest();
    return new OpenTelemetrySpan(span, this.#active);
  }

  record({ name, type, parent, start, end, attributes }: PastSpan): void {
    const context = remoteContext(parent);
    if (context === undefined) return;
    const startTime = Math.min(start, end);
    const options = { kind: KINDS[type], startTime, attributes: defined(attributes) };
    this.#tracer.startSpan(name, options, context).end(end);
  }

  current(): string | undefined {
    const span = this.#active.current()?.spanContext();
    if (span === undefined || !isSpanContextValid(span)) return undefined;
    return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
  }

  fields(): Readonly<Record<string, string>> {
    const span = this.#active.current()?.spanContext();
    return span === undefined ? {} : { traceId: span.traceId, spanId: span.spanId };
  }

  logProblems(log: Logger): void {
    let last = -Infinity;
    const note = (message: string, ...details: unknown[]): void => {
      const now = performance.now();
      if (now - last < PROBLEM_MS) return;
      last = now;
      const reason = [message, ...details.map(messageOf)].join(' ');
      log.warn({ reason }, 'traces cannot be sent; those that do not fit into the queue are dropped');
    };
    const ignore = (): void => undefined;
    diag.setLogger(
      { error: note, warn: note, info: ignore, debug: ignore, verbose: ignore },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
    // A receiver that is down was logged.
    await Promise.race([this.#provider.shutdown().catch(() => undefined), late]);
    clearTimeout(timer);
  }
}

/**
 * The span under way in each chain of promises. Before Node 24 each promise of the process costs
 * more while the storage is on, so {@link rest} turns it off where no span has work inside of it.
 */
class ActiveSpans {
  readonly #storage = new AsyncLocalStorage<Span>();
  #inside = 0;
  #isOn = false;

  current(): Span | undefined {
    return this.#inside === 0 ? undefined : this.#storage.getStore();
  }

  enter(): void {
    this.#inside++;
  }

  leave(): void {
    this.#inside--;
  }

  /** Turning it off and on costs too: to be called where spans are rare. */
  rest(): void {
    if (!this.#isOn || this.#inside > 0) return;
    this.#isOn = false;
    this.#storage.disable();
  }

  run<T>(span: Span, work: () => T): T {
    this.#isOn = true;
    return this.#storage.run(span, work);
  }
}

class OpenTelemetrySpan implements ActiveSpan {
  readonly #span: Span;
  readonly #active: ActiveSpans;
  #isInside = false;

  constructor(span: Span, active: ActiveSpans) {
    this.#span = span;
    this.#active = active;
  }

  get sampled(): boolean {
    return this.#span.isRecording();
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  within<T>(work: () => T): T {
    if (!this.#isInside) {
      this.#isInside = true;
      this.#active.enter();
    }
    return this.#active.run(this.#span, work);
  }

  set(attributes: SpanAttributes): void {
    if (this.sampled) this.#span.setAttributes(defined(attributes));
  }

  rename(name: string): void {
    this.#span.updateName(name);
  }

  end(failure?: SpanFailure): void {
    if (this.#isInside) this.#active.leave();
    this.#isInside = false;
    if (!this.#span.isRecording()) return;
    if (failure !== undefined) {
      this.#span.setAttribute('error.type', failure.type);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
    }
    this.#span.end();
  }
}

function remoteContext(traceparent: string | undefined): Context | undefined {
  const parent = traceparent === undefined ? null : parseTraceParent(traceparent);
  if (parent === null || !isSpanContextValid(parent)) return undefined;
  return trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
}

function defined(attributes: SpanAttributes): Attributes {
  const values: Attributes = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) values[name] = value;
  return values;
}
