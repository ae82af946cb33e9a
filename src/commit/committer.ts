/**
 * Committing: every way in ends here, so that every change is validated alike.
 *
 * A change is planned in memory against the ruleset at a version, and the store writes it only if
 * the environment still is at that version. If another node was first, the plan is made again
 * against what is there now. Commits of one environment through this node wait for one another, so
 * that only nodes compete, not requests.
 */
import { runInTurns, runSoon } from '../core/steps.js';
import { KeyedQueue } from '../core/keyed-queue.js';
import { HoldfastError } from '../core/errors.js';
import { lostEnvironment, unknownEnvironment } from '../replica/missing.js';
import type { Replica } from '../replica/replica.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { SubmittedConfig } from '../ruleset/submitted.js';
import type { Attribution } from '../store/history.js';
import type { Standing } from '../store/inbox.js';
import type { Commit, Environment, Store, StoredEnvironment } from '../store/store.js';
import { planSteps, type ChangePlan } from './plan.js';
import type { PlanBase } from './plan-entry.js';
import { planSettings, settingsOf } from './plan-settings.js';

/** The answer to a committed change. Decimal strings, as JSON carries them. */
export interface CommitAnswer {
  readonly previous: string;
  readonly version: string;
  readonly configs: readonly { readonly key: string; readonly id: string }[];
  /**
   * The keys of configs that were to be deleted and never existed: nothing was done for them. Left
   * out when there are none.
   */
  readonly absent?: readonly string[];
}

/** A change to commit. */
export interface CommitRequest {
  readonly environment: bigint;
  readonly configs: readonly SubmittedConfig[];
  readonly by: Attribution;
  /** Commit only at this version (`If-Match`). */
  readonly ifVersion?: bigint | undefined;
  readonly idempotency?: RequestIdentity | undefined;
}

/** The identity by which a repeat of a request is recognised. */
export interface RequestIdentity {
  readonly key: string;
  readonly digest: string;
  /** Where the caller wrote the key, for errors. */
  readonly field: string;
}

/** The outcome of an inbox event. */
export type EventOutcome =
  /** Committed, acknowledged and removed in one step. */
  | { readonly kind: 'committed'; readonly answer: CommitAnswer }
  /** The same event was committed before; this one needs no commit, and is still in the inbox. */
  | { readonly kind: 'repeated'; readonly answer: CommitAnswer }
  | { readonly kind: Standing };

/** The parts of a committer. */
export interface CommitterOptions {
  readonly store: Store;
  readonly replica: Replica;
  readonly onCommit?: () => void;
  readonly onConflict?: () => void;
}

/**
 * With three nodes committing to one environment without a pause, a commit was seen to lose at most
 * a few times in a row.
 */
const MAX_ATTEMPTS = 20;

/**
 * The number of configs up to which the planning of a change begins in the turn of its request,
 * which mostly is all that it takes: 2 ms.
 */
const ONE_TURN_CONFIGS = 16;

/** Validates and commits changes, for every way in. */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #queue = new KeyedQueue<bigint>();

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /**
   * Commits a change.
   *
   * @throws HoldfastError with the code of the rule that is broken; `environment_unknown`;
   *   `version_mismatch`; `idempotency_mismatch`; `busy` when other nodes were first too many
   *   times; `store_unavailable`
   */
  async commit(request: CommitRequest): Promise<CommitAnswer> {
    const outcome = await this.#queue.run(request.environment, () => this.#commit(request));
    if ('answer' in outcome) return outcome.answer;
    throw new HoldfastError('internal', `the store took a request for an event that is ${outcome.kind}`);
  }

  /**
   * Commits an inbox event: it is acknowledged and removed in the same step, so that it is
   * committed once, however many processes try.
   *
   * @param event its place in the inbox
   * @param passed the places of older undecided events, which are of other environments
   * @throws HoldfastError as `commit`
   */
  commitEvent(request: CommitRequest, event: string, passed: readonly string[] = []): Promise<EventOutcome> {
    return this.#queue.run(request.environment, () => this.#commit(request, { event, passed }));
  }

  /** Creates an environment, or changes its settings. */
  putEnvironment(
    settings: Environment,
    by: Attribution,
  ): Promise<{ created: boolean; environment: StoredEnvironment }> {
    return this.#queue.run(settings.id, () => this.#putEnvironment(settings, by));
  }

  async #commit(request: CommitRequest, event?: Pick<Commit, 'event' | 'passed'>): Promise<EventOutcome> {
    const { store, replica, onCommit, onConflict } = this.#options;
    const { environment, idempotency, by } = request;
    if (idempotency !== undefined) {
      const before = await store.repeated(environment, idempotency.key);
      if (before !== undefined) return repeat(before, idempotency);
    }
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const now = await store.time();
      const base = baseOf(await this.#confirmed(environment));
      const expect = base.ruleset.version;
      let plan: ChangePlan | 'moved';
      try {
        checkVersion(request, base.ruleset);
        plan = await planInTurns(base, request.configs, now);
      } catch (error) {
        // The conflict may be the request itself, just committed through another node.
        const repeated = idempotency && (await store.repeated(environment, idempotency.key));
        if (repeated === undefined) throw error;
        return repeat(repeated, idempotency);
      }
      if (plan === 'moved') continue;
      const answer = answerTo(plan, expect);
      const result = await store.commit({
        environment,
        by,
        expect,
        change: plan.change,
        live: plan.live,
        ...event,
        idempotency:
          idempotency === undefined ? undefined : { ...idempotency, answer: JSON.stringify(answer) },
      });
      switch (result.kind) {
        case 'committed':
          if (plan.change !== undefined) {
            replica.committed(plan.change);
            onCommit?.();
          }
          return { kind: 'committed', answer };
        case 'repeated':
          return repeat(result, idempotency);
        case 'decided':
        case 'early':
          return { kind: result.kind };
        case 'conflict':
          onConflict?.();
      }
      await replica.reload(environment);
    }
    throw new HoldfastError(
      'busy',
      `environment ${environment} is changed by others too often right now: repeat the request`,
    );
  }

  async #putEnvironment(
    settings: Environment,
    by: Attribution,
  ): Promise<{ created: boolean; environment: StoredEnvironment }> {
    const { store, replica } = this.#options;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const now = await store.time();
      const known = await replica.confirmed(settings.id);
      const base = known === undefined ? undefined : baseOf(await this.#confirmed(settings.id));
      const plan = planSettings(base, settings, now);
      const result = await store.commit({
        environment: settings.id,
        by,
        expect: base?.ruleset.version,
        settings,
        change: plan.change,
        live: plan.live,
      });
      if (result.kind === 'committed') {
        if (plan.change !== undefined) replica.committed(plan.change);
        const { version, clientVersion, at } = plan.change ?? placeOf(base?.ruleset);
        const environment = { ...settings, version, clientVersion, at, live: plan.live };
        return { created: base === undefined, environment };
      }
      await replica.reload(settings.id);
    }
    throw new HoldfastError(
      'busy',
      `environment ${settings.id} is changed by others too often right now: repeat the request`,
    );
  }

  /**
   * The ruleset as the store has it now. It moves on with the feed: a plan made on it must not wait
   * between two reads of it.
   */
  async #confirmed(environment: bigint): Promise<Ruleset> {
    const current = await this.#options.replica.confirmed(environment);
    if (current === undefined) {
      // Where there are keys, there was an environment. A caller that gets "does not exist" gives
      // up, and an event would be rejected.
      const lost = this.#options.replica.keyring.has(environment);
      throw lost ? lostEnvironment(environment) : unknownEnvironment(environment);
    }
    if (!current.confirmed) {
      const reason = current.reason === undefined ? '' : ` (${current.reason})`;
      throw new HoldfastError(
        'store_unavailable',
        `environment ${environment} cannot be compared with the store, so nothing can be changed now: repeat the request later${reason}`,
      );
    }
    return current.ruleset;
  }
}

/**
 * Plans a change in slices of turns. `moved`: the ruleset changed between two of them, so neither a
 * plan nor a refusal means anything.
 *
 * A change of a few configs is planned in one turn, and so does not find its ruleset moved, unless
 * it changes a segment that thousands of configs use.
 */
async function planInTurns(
  base: PlanBase,
  configs: readonly SubmittedConfig[],
  now: bigint,
): Promise<ChangePlan | 'moved'> {
  const { version } = base.ruleset;
  const steps = planSteps(base, configs, now);
  try {
    const plan = await (configs.length <= ONE_TURN_CONFIGS ? runSoon(steps) : runInTurns(steps));
    return base.ruleset.version === version ? plan : 'moved';
  } catch (error) {
    if (base.ruleset.version !== version) return 'moved';
    throw error;
  }
}

/** The ruleset, and the settings that its envelope was made of. */
function baseOf(ruleset: Ruleset): PlanBase {
  return { ruleset, settings: settingsOf(ruleset) };
}

/** Where an environment stands; at version 0 before there is one. */
function placeOf(ruleset: Ruleset | undefined): Pick<StoredEnvironment, 'version' | 'clientVersion' | 'at'> {
  if (ruleset === undefined) return { version: 0n, clientVersion: 0n, at: 0n };
  return { version: ruleset.version, clientVersion: ruleset.clientVersion, at: ruleset.committedAt };
}

function checkVersion({ ifVersion, environment }: CommitRequest, ruleset: Ruleset): void {
  if (ifVersion === undefined || ifVersion === ruleset.version) return;
  throw new HoldfastError(
    'version_mismatch',
    `environment ${environment} is at version ${ruleset.version}, not ${ifVersion}: read it again and decide again`,
    { field: 'If-Match', details: { version: `${ruleset.version}` } },
  );
}

function answerTo(plan: ChangePlan, previous: bigint): CommitAnswer {
  return {
    previous: `${previous}`,
    version: `${plan.change?.version ?? previous}`,
    configs: plan.configs.map(({ key, id }) => ({ key, id: `${id}` })),
    ...(plan.absent.length === 0 ? {} : { absent: plan.absent }),
  };
}

function repeat(
  before: { readonly digest: string; readonly answer: string },
  idempotency: RequestIdentity | undefined,
): { kind: 'repeated'; answer: CommitAnswer } {
  if (before.digest !== idempotency?.digest) {
    const field = idempotency?.field ?? 'Idempotency-Key';
    throw new HoldfastError(
      'idempotency_mismatch',
      `this ${field} was used for another request: use a new one for each change`,
      { field },
    );
  }
  return { kind: 'repeated', answer: JSON.parse(before.answer) as CommitAnswer };
}
