/**
 * A node under fault: started again like a supervisor would, at whatever time it can start, and
 * with a clock that may be off.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../src/core/errors.js';
import { startNode, type HoldfastNode } from '../test/support/node.js';
import { isRunning } from '../test/support/processes.js';

export interface SiteNodeOptions {
  readonly index: number;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly note: (text: string) => void;
}

const CLOCK = new URL('shift-clock.mjs', import.meta.url).href;
/**
 * A node that cannot start has waited 10 s for its store by then; this long after, it surely can.
 * Milliseconds.
 */
const START_WITHIN = 60_000;
const BETWEEN_STARTS = 200;

export class SiteNode {
  readonly index: number;
  readonly url: string;
  readonly #options: SiteNodeOptions;
  #running: HoldfastNode | undefined;
  /** Milliseconds by which its clock is ahead, from its next start on. */
  clockOffset = 0;

  constructor(options: SiteNodeOptions) {
    this.#options = options;
    this.index = options.index;
    this.url = `http://127.0.0.1:${options.port}`;
  }

  /** True when its process should run and does not: it ended by itself. */
  get hasCrashed(): boolean {
    return this.#running !== undefined && !isRunning(this.#running.pid);
  }

  /** True when it is meant to run. */
  get isUp(): boolean {
    return this.#running !== undefined;
  }

  /** Starts it, again and again until it is ready. */
  async start(): Promise<void> {
    const deadline = performance.now() + START_WITHIN;
    for (;;) {
      try {
        this.#running = await startNode({ ...this.#options, env: this.#env() });
        return;
      } catch (error) {
        this.#options.note(`node ${this.index + 1} did not start: ${messageOf(error).split('\n')[0] ?? ''}`);
        if (performance.now() > deadline) throw error;
      }
      await pause(BETWEEN_STARTS);
    }
  }

  async kill(): Promise<void> {
    const running = this.#taken();
    await running?.kill();
  }

  /** SIGTERM. What it ended with, and after how many milliseconds. */
  async stop(): Promise<{ code: number | NodeJS.Signals; after: number }> {
    const from = performance.now();
    const running = this.#taken();
    const code = (await running?.stop()) ?? 0;
    return { code, after: performance.now() - from };
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#running !== undefined) process.kill(this.#running.pid, name);
  }

  #taken(): HoldfastNode | undefined {
    const running = this.#running;
    this.#running = undefined;
    return running;
  }

  #env(): Record<string, string> {
    if (this.clockOffset === 0) return { ...this.#options.env };
    return {
      ...this.#options.env,
      NODE_OPTIONS: `--import=${CLOCK}`,
      CHAOS_CLOCK_OFFSET_MS: `${this.clockOffset}`,
    };
  }
}
