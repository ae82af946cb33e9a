/** Named operators: their tokens are recognised from fresh-records.ts. [protocol] #operators */
import { randomBytes } from 'node:crypto';
import { HoldfastError } from '../core/errors.js';
import { revisionOf } from '../core/revision.js';
import { FreshRecords, hashToken } from './fresh-records.js';
import type { Operator, OperatorRecord, OperatorRecords, OperatorRole } from '../store/operators.js';

/** The most operators that there can be: each request reads them all when it is the first in a second. */
const MAX_OPERATORS = 1_000;

const DAY_MS = 24 * 60 * 60 * 1000;

/** The attempts at a change that others get in the way of. */
const ATTEMPTS = 5;

const UNAVAILABLE =
  'the store cannot be asked for operators, so their tokens cannot be checked; those of HOLDFAST_ADMIN_TOKEN work';

/** The result of looking a token up. */
export type TokenResult =
  | { readonly kind: 'operator'; readonly operator: Operator; readonly expiresAt?: number | undefined }
  | { readonly kind: 'expired'; readonly name: string; readonly at: number }
  | { readonly kind: 'unknown' };

/** The settings of a new operator. */
export interface OperatorSettings {
  readonly name: string;
  readonly role: OperatorRole;
  readonly environments: Operator['environments'];
  readonly expiresAt?: number | undefined;
}

/** A change of an operator. A member that is absent stays; `expiresAt` null: never expires. */
export interface OperatorChange {
  readonly role?: OperatorRole | undefined;
  readonly environments?: Operator['environments'] | undefined;
  readonly expiresAt?: number | null | undefined;
}

/** An operator and the text of its new token, which is shown once. */
export interface IssuedToken {
  readonly operator: OperatorRecord;
  readonly token: string;
}

/** The parts of an {@link OperatorDirectory}. */
export interface OperatorDirectoryOptions {
  readonly records: OperatorRecords;
  readonly now: () => number;
  readonly monotonic: () => number;
}

/** OperatorDirectory finds operators by token, and creates, changes and revokes them. */
export class OperatorDirectory {
  readonly #options: OperatorDirectoryOptions;
  readonly #fresh: FreshRecords<OperatorRecord>;

  constructor(options: OperatorDirectoryOptions) {
    this.#options = options;
    this.#fresh = new FreshRecords(options.records, options.monotonic, UNAVAILABLE);
  }

  /**
   * Looks up the operator with that token.
   *
   * @throws HoldfastError `store_unavailable` when the store could not be asked for
   *   that long: a token that may have been revoked is not taken
   */
  async find(token: string): Promise<TokenResult> {
    const record = await this.#fresh.find(token);
    if (record === undefined) return { kind: 'unknown' };
    const now = this.#options.now();
    const { name, role, environments, expiresAt } = record;
    if (expiresAt !== undefined && expiresAt <= now) return { kind: 'expired', name, at: expiresAt };
    this.#noteUse(record, now);
    return { kind: 'operator', operator: { name, role, environments }, expiresAt };
  }

  /** Lists operators by name. */
  async list(): Promise<OperatorRecord[]> {
    return (await this.#options.records.all()).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Creates an operator. @throws HoldfastError `field_invalid` when the name is taken */
  async create(settings: OperatorSettings): Promise<IssuedToken> {
    const { records, now } = this.#options;
    if ((await records.all()).length >= MAX_OPERATORS) {
      throw new HoldfastError(
        'field_invalid',
        `name is one too many: there are ${MAX_OPERATORS} operators; revoke those that are no longer used`,
        { field: 'name' },
      );
    }
    const token = newToken();
    const operator = { ...settings, hash: hashToken(token), createdAt: now() };
    if (!(await records.replace(operator.name, undefined, operator))) {
      throw new HoldfastError(
        'field_invalid',
        `name ${operator.name} is taken: choose another, or rotate the token of that operator`,
        { field: 'name' },
      );
    }
    this.#fresh.forget();
    return { operator, token };
  }

  /**
   * Changes an operator.
   *
   * @param ifRevision changes it only if it is of this revision
   * @throws HoldfastError `not_found`; `version_mismatch`
   */
  async change(name: string, change: OperatorChange, ifRevision?: string): Promise<OperatorRecord> {
    const changed = await this.#update(name, (before) => {
      if (ifRevision !== undefined && operatorRevision(before) !== ifRevision) throw changedByOthers(before);
      return {
        ...before,
        role: change.role ?? before.role,
        environments: change.environments ?? before.environments,
        expiresAt: change.expiresAt === null ? undefined : (change.expiresAt ?? before.expiresAt),
      };
    });
    return changed ?? unknownOperator(name);
  }

  /** Replaces an operator's token; the old one is refused from then on. @throws HoldfastError `not_found` */
  async rotate(name: string, expiresAt: number | null | undefined): Promise<IssuedToken> {
    const token = newToken();
    const operator = await this.#update(name, (before) => ({
      ...before,
      hash: hashToken(token),
      expiresAt: expiresAt === null ? undefined : (expiresAt ?? before.expiresAt),
      lastUsedAt: undefined,
    }));
    return { operator: operator ?? unknownOperator(name), token };
  }

  /** Removes an operator and its token. @throws HoldfastError `not_found` */
  async revoke(name: string): Promise<OperatorRecord> {
    const removed = await this.#update(name, () => undefined);
    return removed ?? unknownOperator(name);
  }

  /** Removes the operators whose names begin with a prefix and whose tokens have expired. */
  async removeExpired(prefix: string): Promise<void> {
    const { records, now } = this.#options;
    const isOver = ({ name, expiresAt = Infinity }: OperatorRecord): boolean =>
      name.startsWith(prefix) && expiresAt <= now();
    for (const each of (await records.all()).filter(isOver)) {
      await records.replace(each.name, each, undefined);
    }
  }

  /** Returns the operator after a change, or the removed one. */
  async #update(
    name: string,
    next: (before: OperatorRecord) => OperatorRecord | undefined,
  ): Promise<OperatorRecord | undefined> {
    const { records } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = (await records.all()).find((each) => each.name === name);
      if (before === undefined) return undefined;
      const after = next(before);
      if (!(await records.replace(name, before, after))) continue;
      this.#fresh.forget();
      return after ?? before;
    }
    throw new HoldfastError('busy', `operator ${name} is changed by others right now: repeat the request`);
  }

  /** Once a day; when that cannot be written it does not matter. */
  #noteUse(record: OperatorRecord, now: number): void {
    const today = Math.floor(now / DAY_MS) * DAY_MS;
    if (record.lastUsedAt === today) return;
    const used = { ...record, lastUsedAt: today };
    this.#fresh.note(used);
    this.#options.records.replace(record.name, record, used).catch(() => undefined);
  }
}

/** Returns the revision of what can be changed of an operator; its uses and its token leave it alone. */
export function operatorRevision({ role, environments, expiresAt }: Omit<OperatorRecord, 'hash'>): string {
  const list = environments === 'all' ? environments : environments.join(' ');
  return revisionOf(role, list, expiresAt === undefined ? undefined : `${expiresAt}`);
}

function changedByOthers(operator: OperatorRecord): HoldfastError {
  return new HoldfastError(
    'version_mismatch',
    `operator ${operator.name} was changed by someone else: read it again and decide again`,
    { field: 'If-Match', details: { revision: operatorRevision(operator) } },
  );
}

function unknownOperator(name: string): never {
  throw new HoldfastError(
    'not_found',
    name === 'root'
      ? 'root is not kept here: its tokens are those of HOLDFAST_ADMIN_TOKEN'
      : `there is no operator ${name}: list operators to see their names`,
  );
}

/** 192 random bits; the prefix lets scanners of source code recognise a leaked one. */
function newToken(): string {
  return `hfo_${randomBytes(24).toString('base64url')}`;
}
