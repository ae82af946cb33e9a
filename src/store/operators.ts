/** The part of the store's port that keeps operators, and the form in which both stores keep them. */
import { z } from 'zod';

/** The roles, each with everything that the ones before it may do. */
export const OPERATOR_ROLES = ['viewer', 'editor', 'admin'] as const;

/** The role of an operator: a viewer reads, an editor changes rulesets, an admin does the rest. */
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** An operator, as requests of administration know it. */
export interface Operator {
  /** Unique among operators that are not revoked. */
  readonly name: string;
  readonly role: OperatorRole;
  /** Ids of environments, or all of them, those to come too. */
  readonly environments: 'all' | readonly bigint[];
}

/** An operator as the store keeps it; never the text of its token. */
export interface OperatorRecord extends Operator {
  /** SHA-256 of the token, lower-case hex. */
  readonly hash: string;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  /** The token is refused from then on. */
  readonly expiresAt?: number | undefined;
  /** The day on which the token was last used, as its beginning: one write a day, not per request. */
  readonly lastUsedAt?: number | undefined;
}

/** OperatorRecords keeps operators by name. A revoked one is removed. */
export interface OperatorRecords {
  /** All of them, in any order. */
  all(): Promise<OperatorRecord[]>;
  /**
   * Adds (`before` undefined), replaces or removes (`after` undefined) an operator, if it still is
   * as it was read; else does nothing and answers false.
   */
  replace(
    name: string,
    before: OperatorRecord | undefined,
    after: OperatorRecord | undefined,
  ): Promise<boolean>;
}

const RECORD = z.looseObject({
  name: z.string().min(1),
  role: z.enum(OPERATOR_ROLES),
  environments: z.union([z.literal('all'), z.array(z.string().regex(/^\d+$/))]),
  hash: z.string().min(1),
  createdAt: z.number(),
  expiresAt: z.number().optional(),
  lastUsedAt: z.number().optional(),
});

/** Writes an operator as JSON; equal operators have equal texts. */
export function operatorToJson(operator: OperatorRecord): string {
  const { name, role, environments, hash, createdAt, expiresAt, lastUsedAt } = operator;
  const list = environments === 'all' ? environments : environments.map(String);
  return JSON.stringify({ name, role, environments: list, hash, createdAt, expiresAt, lastUsedAt });
}

/** Reads an operator from JSON. @throws when the text is not what `operatorToJson` makes */
export function operatorFromJson(text: string): OperatorRecord {
  const record = RECORD.parse(JSON.parse(text));
  const { environments } = record;
  return { ...record, environments: environments === 'all' ? environments : environments.map(BigInt) };
}
