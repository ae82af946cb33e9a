/** The metrics of every process that answers HTTP, and the means to register further ones. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { VERSION } from '../core/version.js';
import { LoopDelay } from './loop-delay.js';
import { RequestDurations } from './request-durations.js';

/** The registry of a process, with the metrics that every process has. */
export class ProcessMetrics {
  readonly registry = new Registry();

  readonly requests = new Counter({
    name: 'holdfast_http_requests_total',
    help: 'HTTP requests answered, by route and status.',
    labelNames: ['route', 'status'] as const,
    registers: [this.registry],
  });

  readonly requestDurations = new RequestDurations(this.registry);

  readonly rateLimited = new Counter({
    name: 'holdfast_rate_limited_total',
    help: 'Requests of clients over HOLDFAST_RATE_KEY or HOLDFAST_RATE_ADDRESS, by the limit (key, address).',
    labelNames: ['limit'] as const,
    registers: [this.registry],
  });

  readonly connectionsCut = new Counter({
    name: 'holdfast_connections_cut_total',
    help: 'Connections that this process ended, by port (clients, operators) and reason: malformed, too_large, slow (headers or a body did not arrive in time), stalled (the client took nothing of its answer), idle (to make room), full (a new one, refused).',
    labelNames: ['port', 'reason'] as const,
    registers: [this.registry],
  });

  readonly proxiedInternal = new Counter({
    name: 'holdfast_proxied_internal_requests_total',
    help: 'Requests for administration, metrics or health that came through a GRIP proxy and were refused.',
    registers: [this.registry],
  });

  readonly unresolved = new Counter({
    name: 'holdfast_evaluations_undecided_total',
    help: 'Configs that have no value in an answer to a client that may see values only, by reason (missing, unmatched, withheld, unreadable).',
    labelNames: ['why'] as const,
    registers: [this.registry],
  });

  readonly overBudget = new Counter({
    name: 'holdfast_evaluations_over_budget_total',
    help: 'Evaluations in which contexts were too long to test all rules; see docs/evaluation.md.',
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: 'holdfast_build_info',
      help: 'Always 1; its labels have the version of Holdfast and of Node.',
      labelNames: ['version', 'node'],
      registers: [this.registry],
    }).set({ version: VERSION, node: process.version }, 1);
    const loopDelay = new LoopDelay();
    this.labelledGauge(
      'holdfast_event_loop_delay_seconds',
      'Time that callbacks waited for their turn, in the last one to two minutes, by quantile; 1 is the longest.',
      'quantile',
      () => Object.entries(loopDelay.read()),
    );
  }

  /** Registers a gauge whose value is read when metrics are collected. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** Registers such a gauge with one label; series that `read` no longer names disappear. */
  labelledGauge(
    name: string,
    help: string,
    label: string,
    read: () => Iterable<readonly [string, number]>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [value, number] of read()) this.set({ [label]: value }, number);
      },
    });
  }
}
