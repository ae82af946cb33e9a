/** The part of the store's port that keeps operators, and the form in which both stores keep them. */
import { z } from 'zod';
import type { NamedRecords, RecordForm } from './named-records.js';

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
export type OperatorRecords = NamedRecords<OperatorRecord>;

/** The environments of a record in JSON. */
export const storedEnvironments = z
  .union([z.literal('all'), z.array(z.string().regex(/^\d+$/))])
  .transform((stored): Operator['environments'] => (stored === 'all' ? stored : stored.map(BigInt)));

const RECORD = z.looseObject({
  name: z.string().min(1),
  role: z.enum(OPERATOR_ROLES),
  environments: storedEnvironments,
  hash: z.string().min(1),
  createdAt: z.number(),
  expiresAt: z.number().optional(),
  lastUsedAt: z.number().optional(),
});

/** Writes environments as JSON has them. */
export function environmentTexts(environments: Operator['environments']): 'all' | string[] {
  return environments === 'all' ? environments : environments.map(String);
}

/** The form of operators in both stores. */
export const OPERATOR_FORM: RecordForm<OperatorRecord> = {
  plural: 'operators',
  one: 'an operator',
  remedy: 'create the operators again',
  nameOf: ({ name }) => name,
  toJson: ({ name, role, environments, hash, createdAt, expiresAt, lastUsedAt }) =>
    JSON.stringify({
      name,
      role,
      environments: environmentTexts(environments),
      hash,
      createdAt,
      expiresAt,
      lastUsedAt,
    }),
  fromJson: (text) => RECORD.parse(JSON.parse(text)),
};
