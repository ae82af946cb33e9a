/**
 * LeaseMonitor keeps track of whether this process leads, and of what keeps it from leading:
 * readiness, metrics and the log need both between two questions for the lease, too.
 */
import type { Logger } from 'pino';

/** The relation of this process to a lease. */
export interface LeaseStatus {
  /** True while this process has the lease and does the leader's work. */
  readonly leader: boolean;
  /**
   * The reason that keeps it from leading, for operators, or from going on to lead; `undefined`
   * when nothing does.
   */
  readonly problem:
    { readonly reason: string; /** Milliseconds since 1970. */ readonly since: number } | undefined;
}

/** Options of {@link LeaseMonitor}. */
export interface LeaseMonitorOptions {
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The leader's work, for the log: `publishes, and reads the inbox`. */
  readonly work: string;
}

type Cause = 'lease' | 'work';

/**
 * LeaseMonitor remembers the state of a lease, and logs the beginning and the end of each problem,
 * once.
 */
export class LeaseMonitor {
  readonly #options: LeaseMonitorOptions;
  readonly #problems = new Map<Cause, { readonly reason: string; readonly since: number }>();
  #leader = false;

  constructor(options: LeaseMonitorOptions) {
    this.#options = options;
  }

  get status(): LeaseStatus {
    return { leader: this.#leader, problem: this.#problems.get('lease') ?? this.#problems.get('work') };
  }

  /** Notes that this process has the lease and begins to lead. */
  began(): void {
    this.#leader = true;
    this.#options.log.info(`leading: this node ${this.#options.work}`);
  }

  /** Notes that this process no longer leads. */
  ended(): void {
    this.#leader = false;
    this.#options.log.info('no longer leading');
  }

  /** Notes that the store has said which process has the lease. */
  answered(): void {
    this.#solved('lease', 'the lease can be taken again');
  }

  /** Notes that the store could not be asked, or refused to write the lease. */
  unanswered(reason: string): void {
    this.#occurred('lease', reason, 'the lease cannot be taken: this node cannot begin to lead');
  }

  /** Notes that the leader's work ended by an error; another term begins. */
  failed(reason: string): void {
    this.#occurred('work', reason, 'leading failed; the lease is released and taken again');
  }

  /** Notes that the leader's work has gone on for a while. */
  lasted(): void {
    this.#solved('work', 'the work of the leader goes on again');
  }

  #occurred(cause: Cause, reason: string, message: string): void {
    const { log, now, work } = this.#options;
    const known = this.#problems.get(cause);
    this.#problems.set(cause, { reason, since: known?.since ?? now() });
    // A problem that stays is met twice a second, and not always in the same words; one line says
    // it.
    if (known === undefined) log.error({ error: reason, work }, message);
  }

  #solved(cause: Cause, message: string): void {
    const problem = this.#problems.get(cause);
    if (problem === undefined) return;
    this.#problems.delete(cause);
    this.#options.log.info({ ms: this.#options.now() - problem.since, work: this.#options.work }, message);
  }
}
