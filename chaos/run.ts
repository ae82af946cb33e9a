/**
 * One seed: starts an installation, lets faults meet it while changes go on, waits for rest, and
 * checks everything.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../src/core/errors.js';
import { adminApi, type Api } from './api.js';
import { judge, type Findings } from './judge.js';
import { Crowd, type SpareKey } from './crowd.js';
import { Director, type Happened } from './director.js';
import { Gauges } from './gauges.js';
import { Convergence } from './convergence.js';
import { KINDS, type FaultKind } from './kinds.js';
import { makePlan } from './plan.js';
import { Random } from './random.js';
import { startSite, type Site } from './site.js';
import { Timeline } from './timeline.js';
import { readTruth, type Loss, type Truth } from './truth.js';
import type { LossSpan, Span } from './clients/journal.js';
import type { Violation } from './checks/violation.js';
import { ENVIRONMENTS, makeWriters, type Writers } from './writers/all.js';
import { firstConfigs } from './writers/intent.js';
import { Ledger } from './writers/ledger.js';

export interface RunOptions {
  readonly seed: number;
  /** The time in which faults begin, milliseconds. */
  readonly length: number;
  readonly subscribers: number;
  readonly kinds?: readonly FaultKind[] | undefined;
  /**
   * True when an acknowledged commit that the store was made to lose counts as a violation; else it
   * is a number in the table.
   */
  readonly strictLoss: boolean;
  /** Keep the folder also when there is nothing to see in it. */
  readonly keep: boolean;
}

export interface RunResult extends Findings {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly happened: readonly Happened[];
  /** Milliseconds. */
  readonly took: number;
  /** Logs and time line; `undefined` when it was removed. */
  readonly dir: string | undefined;
}

/** T of the invariant: the least that Holdfast takes, seconds. */
const STALENESS = 5;
/**
 * The margin added to T, milliseconds: a proxy looks at its timers about once a second, retries a
 * link after a second, and everything runs on one machine.
 */
const MARGIN = 4_000;
/**
 * A client waits up to 10 s before it reconnects (`retry:`), and a proxy up to twice as long as the
 * nodes were away. Milliseconds.
 */
const COME_BACK = 12_000;
/**
 * A Pushpin that starts takes connections some milliseconds before it can answer. A request that
 * comes then gets no answer, and its connection is closed after 60 s (measured on Condure 1.9.1);
 * an SDK that sets itself no time limit waits so long. Milliseconds.
 */
const UNANSWERED = 61_000;
/**
 * An event waits in the inbox for no longer than this without a reason, milliseconds. Much less than
 * the time for which an environment is deleted.
 */
const INBOX_LIMIT = 6_000;
/**
 * Much more than each step after the faults takes, milliseconds. A step that does not end is named
 * and ends its seed, so that the seeds after it run.
 */
const STEP_LIMIT = 180_000;

export async function runSeed(options: RunOptions): Promise<RunResult> {
  const from = performance.now();
  const dir = mkdtempSync(join(tmpdir(), `hf-chaos-${options.seed}-`));
  mkdirSync(dir, { recursive: true });
  const timeline = new Timeline(join(dir, 'timeline.txt'));
  const run = new Run(options, dir, timeline);
  try {
    const findings = await run.go();
    const failed = findings.violations.length > 0;
    for (const { at, text } of findings.violations) timeline.note(`VIOLATION: ${text}`, at);
    if (!failed && !options.keep) rmSync(dir, { recursive: true, force: true });
    return {
      ...findings,
      seed: options.seed,
      happened: run.happened,
      took: performance.now() - from,
      dir: failed || options.keep ? dir : undefined,
    };
  } catch (error) {
    timeline.note(`the run could not go on: ${messageOf(error)}`);
    throw new Error(`seed ${options.seed} (${dir}): ${messageOf(error)}`, { cause: error });
  } finally {
    await run.stop();
  }
}

class Run {
  readonly #options: RunOptions;
  readonly #dir: string;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #crowd = new Crowd();
  readonly #ledger = new Ledger();
  readonly #losses: LossSpan[] = [];
  readonly #violations: Violation[] = [];
  readonly #keys = new Map<bigint, string>();
  readonly #spareKeys: SpareKey[] = [];
  #site: Site | undefined;
  #director: Director | undefined;
  #gauges: Gauges | undefined;
  #convergence: Convergence | undefined;

  constructor(options: RunOptions, dir: string, timeline: Timeline) {
    this.#options = options;
    this.#dir = dir;
    this.#timeline = timeline;
    this.#random = new Random(`run ${options.seed}`);
  }

  get happened(): readonly Happened[] {
    return this.#director?.happened ?? [];
  }

  async go(): Promise<Findings & { violations: readonly Violation[] }> {
    const note = (text: string): void => this.#timeline.note(text);
    const site = (this.#site = await startSite({
      dir: this.#dir,
      staleness: STALENESS,
      // Half of the runs do without Pushpin's memory for ids, which hides repeats.
      idCacheTtl: this.#random.chance(0.5) ? 60 : 1,
      note,
    }));
    note('the installation runs');
    const api = adminApi(site.secrets.adminToken);
    await this.#createEnvironments(api, site);
    await this.#crowd.open(
      {
        count: this.#options.subscribers,
        environments: ENVIRONMENTS,
        keys: this.#keys,
        spareKeys: this.#spareKeys,
        site,
        random: this.#random.fork('clients'),
      },
      await readTruth(site, ENVIRONMENTS, 'none', []),
    );
    note('all clients are subscribed');
    const gauges = (this.#gauges = new Gauges(site.nodes));
    const convergence = (this.#convergence = new Convergence(site, this.#keys, STALENESS * 1000 + MARGIN));
    const writers = makeWriters({ api, site, ledger: this.#ledger, random: this.#random });
    await this.#underFault(site, writers, note);
    note('all faults are over');
    const over = performance.now();
    await this.#lastChanges(writers);
    const stored = await endOf('the rest', this.#rest(site, over));
    const truth = { ...stored, givenUp: new Set([...stored.givenUp, ...writers.doomed.givenUp]) };
    note('at rest');
    await endOf('the gauges', gauges.close());
    await endOf('the watch for convergence', convergence.close());
    const judged = judge({
      crowd: this.#crowd,
      ledger: this.#ledger,
      happened: this.happened,
      losses: this.#losses,
      gauges,
      site,
      truth,
      keys: this.#keys,
      dir: this.#dir,
      strictLoss: this.#options.strictLoss,
      limit: STALENESS * 1000 + MARGIN,
      inboxLimit: INBOX_LIMIT,
    });
    const findings = await endOf('the judge', judged);
    const unsaid = convergence.violations(this.#excusesOfNodes(gauges));
    return { ...findings, violations: [...this.#violations, ...unsaid, ...findings.violations] };
  }

  async stop(): Promise<void> {
    this.#crowd.close();
    await this.#gauges?.close();
    await this.#convergence?.close();
    await this.#site?.stop();
  }

  /** A node cannot know of a loss while the store is away, or while it is stopped. */
  #excusesOfNodes({ stalls }: Gauges): Span[] {
    const faults = this.happened.filter(({ fault }) => KINDS[fault.kind].excuses === 'all');
    return [...faults.map(({ from, to }) => ({ from, to })), ...stalls];
  }

  async #createEnvironments(api: Api, site: Site): Promise<void> {
    const [node] = site.nodes;
    if (node === undefined) throw new Error('there is no node');
    for (const environment of ENVIRONMENTS) {
      const path = `/admin/v1/environments/${environment}`;
      await api(node, path, { method: 'PUT', body: { projectId: '1', name: `environment ${environment}` } });
      const createKey = async (): Promise<SpareKey> => {
        const { body } = await api(node, `${path}/keys`, { body: { kind: 'server' } });
        const { id, key } = body as { id: string; key: string };
        return { environment, id, key };
      };
      this.#keys.set(environment, (await createKey()).key);
      this.#spareKeys.push(await createKey(), await createKey());
      const { status } = await api(node, `${path}/changes`, { body: { configs: firstConfigs('first') } });
      if (status !== 200) throw new Error(`the first change was answered with ${status}`);
    }
  }

  async #underFault(
    site: Site,
    { all, doomed }: Pick<Writers, 'all' | 'doomed'>,
    note: (text: string) => void,
  ): Promise<void> {
    const { seed, length, kinds } = this.#options;
    const plan = makePlan({ seed, length, ...(kinds === undefined ? {} : { kinds }) });
    const director = (this.#director = new Director({
      site,
      crowd: this.#crowd,
      doomed,
      random: this.#random.fork('faults'),
      note,
      violation: this.#object,
      keys: this.#keys,
      lost: (since, more = {}) => {
        note('the store has lost writes');
        // Until it runs again nothing more can be written.
        this.#losses.push({ from: since, to: performance.now(), ...more });
      },
    }));
    const stopping = new AbortController();
    const writing = Promise.all(all.map((writer) => writer.run(stopping.signal)));
    try {
      await director.run(plan);
    } finally {
      stopping.abort();
      await endOf(() => `the writers (not settled: ${this.#ledger.unsettled().join(', ')})`, writing);
    }
  }

  /** A change of each environment: it shows that every hold is alive. */
  async #lastChanges({ last }: Writers): Promise<void> {
    const changes = ENVIRONMENTS.map((environment, index) =>
      endOf(`the last change of environment ${environment}`, last[index]!.insist(environment, COME_BACK)),
    );
    await Promise.all(changes.map((change) => change.catch(this.#object)));
  }

  /**
   * Waits until every client has what the store has, or until the time for it is over; the judge
   * then says who has not.
   */
  async #rest(site: Site, over: number): Promise<Truth> {
    const started = this.happened.filter(({ fault }) => fault.kind === 'pushpin killed').map(({ to }) => to);
    let from = Math.max(over, ...started.map((to) => to + UNANSWERED));
    let waiting = Infinity;
    for (;;) {
      const truth = await readTruth(site, ENVIRONMENTS, this.#loss, this.#losses);
      const differing = this.#crowd.all.find((client) => client.differs(truth) !== undefined);
      if (differing === undefined && truth.waiting === 0) return truth;
      // Rest begins when the inbox is empty, however long a busy machine needs for what is in it.
      if (truth.waiting < waiting) from = Math.max(from, performance.now());
      waiting = truth.waiting;
      if (performance.now() > from + COME_BACK + STALENESS * 1000 + MARGIN) return truth;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  get #loss(): Loss {
    if (this.#losses.length === 0) return 'none';
    return this.#options.strictLoss ? 'strict' : 'forgiven';
  }

  readonly #object = (problem: unknown): void => {
    this.#violations.push({ check: 'nodes', text: messageOf(problem), at: performance.now() });
  };
}

/** `step`; rejects when it takes longer than anything should. */
function endOf<T>(name: string | (() => string), step: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => {
      const what = typeof name === 'string' ? name : name();
      reject(new Error(`${what} did not end within ${STEP_LIMIT / 1000} s`));
    };
    const timer = setTimeout(late, STEP_LIMIT);
    step.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
