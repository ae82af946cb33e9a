/**
 * Committing: every way in ends here, so that every change is validated alike.
 *
 * A change is planned in memory against the ruleset at a version, and the store writes it only if
 * the environment still is at that version. If another node was first, the plan is made again
 * against what is there now. Commits of one environment through this node wait for one another, so
 * that only nodes compete, not requests.
 */
import { HoldfastError } from '../core/errors.js';
import { KeyedQueue } from '../core/keyed-queue.js';
import { turnFor } from '../core/turns.js';
import { traced, type Tracing } from '../observe/tracing.js';
import type { EncodedConfig } from '../ruleset/codec.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { SubmittedConfig } from '../ruleset/submitted.js';
import type { Attribution } from '../store/history.js';
import type { Standing } from '../store/inbox.js';
import type { Commit, Environment } from '../store/store.js';
import { look, MAX_ATTEMPTS, planInTurns, tooBusy, type CommitParts, type Look } from './confirmed.js';
import type { ChangePlan } from './plan.js';
import { putEnvironment, type PutEnvironment } from './put-environment.js';

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
  /**
   * Present when the environment was as the change wants it: nothing was committed, and each config
   * has the id that it had.
   */
  readonly unchanged?: true;
}

/** A change to commit. */
export interface CommitRequest {
  readonly environment: bigint;
  readonly configs: readonly SubmittedConfig[];
  readonly by: Attribution;
  /** See `PlanOptions.isTrusted`. */
  readonly isTrusted?: boolean;
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

/** A change as it would be made. */
export interface ChangePreview {
  /** The version that it would be made at. */
  readonly version: bigint;
  /** The configs that it would replace. */
  readonly before: readonly EncodedConfig[];
  /** Those that it would write; none when it changes nothing. */
  readonly after: readonly EncodedConfig[];
  /** As `CommitAnswer.absent`. */
  readonly absent: readonly string[];
}

/** The parts of a committer. */
export interface CommitterOptions extends CommitParts {
  readonly onCommit?: () => void;
  readonly onConflict?: () => void;
  readonly tracing?: Tracing | undefined;
}

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

  /**
   * Plans a change as `commit` would, and commits nothing. The ids are those that it would have got
   * now.
   *
   * @throws HoldfastError as `commit`
   */
  async preview(request: CommitRequest): Promise<ChangePreview> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { now, ruleset } = await look(this.#options, request.environment);
      checkVersion(request, ruleset);
      const { version } = ruleset;
      const plan = await planInTurns(ruleset, request, now);
      if (plan === 'moved') continue;
      const after = plan.change?.configs ?? [];
      const before = after.flatMap(({ key }) => ruleset.get(key) ?? []);
      return { version, before, after, absent: plan.absent };
    }
    throw tooBusy(request.environment);
  }

  /** Creates an environment, or changes its settings: with `ifRevision` only those of that revision. */
  putEnvironment(settings: Environment, by: Attribution, ifRevision?: string): Promise<PutEnvironment> {
    return this.#queue.run(settings.id, () => putEnvironment(this.#options, settings, by, ifRevision));
  }

  #commit(request: CommitRequest, event?: Pick<Commit, 'event' | 'passed'>): Promise<EventOutcome> {
    return traced(this.#options.tracing, 'commit', async (span) => {
      const outcome = await this.#decide(request, event);
      span?.set({
        'holdfast.environment': `${request.environment}`,
        'holdfast.outcome': outcome.kind,
        'holdfast.version': 'answer' in outcome ? outcome.answer.version : undefined,
      });
      return outcome;
    });
  }

  /**
   * Looks at the environment while the store is asked whether the request was made before; not where the whole
   * environment would have to be read for that, because a repeat needs nothing of it.
   */
  #lookAhead({ environment, idempotency }: CommitRequest): Promise<Look> | undefined {
    if (idempotency === undefined || this.#options.replica.loaded(environment) === undefined)
      return undefined;
    const ahead = look(this.#options, environment);
    // Its failure means nothing where the request was made before.
    ahead.catch(() => undefined);
    return ahead;
  }

  async #decide(request: CommitRequest, event?: Pick<Commit, 'event' | 'passed'>): Promise<EventOutcome> {
    const { store, replica, onCommit, onConflict } = this.#options;
    const { environment, idempotency, by } = request;
    const ahead = this.#lookAhead(request);
    if (idempotency !== undefined) {
      const before = await store.repeated(environment, idempotency.key);
      if (before !== undefined) return repeat(before, idempotency);
    }
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { now, ruleset } = await ((attempt === 0 ? ahead : undefined) ??
        look(this.#options, environment));
      const expect = ruleset.version;
      let plan: ChangePlan | 'moved';
      try {
        checkVersion(request, ruleset);
        plan = await planInTurns(ruleset, request, now);
      } catch (error) {
        // The conflict may be the request itself, just committed through another node.
        const repeated = idempotency && (await store.repeated(environment, idempotency.key));
        if (repeated === undefined) throw error;
        return repeat(repeated, idempotency);
      }
      if (plan === 'moved') continue;
      const answer = answerTo(plan, expect);
      // Sending a large change, and taking it over, take a turn each.
      const size = plan.change?.configs.length ?? 0;
      await turnFor(size);
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
            await turnFor(size);
            replica.committed(plan.change);
            onCommit?.();
          }
          return { kind: 'committed', answer };
        case 'repeated':
          return repeat(result, idempotency);
        case 'decided':
        case 'early':
          return { kind: result.kind };
        case 'name_taken': // of settings alone, which are not committed here
        case 'conflict':
          onConflict?.();
      }
      await replica.reload(environment);
    }
    throw tooBusy(environment);
  }
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
    ...(plan.change === undefined ? { unchanged: true } : {}),
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
