/** The part of the store's port that keeps the sessions of people whom an issuer signed in. */
import { z } from 'zod';
import type { NamedRecords, RecordForm } from './named-records.js';
import { environmentTexts, OPERATOR_ROLES, storedEnvironments, type Operator } from './operators.js';

/** A session as the store keeps it; never the text of its token. Its name is that of the person. */
export interface SessionRecord extends Operator {
  /** Unique, and no secret. */
  readonly id: string;
  /** The issuer that signed the person in, and its lasting name for that person. */
  readonly issuer: string;
  readonly subject: string;
  /** The claim and its value that gave the role: `groups=flags-editors`. */
  readonly claim: string;
  /** SHA-256 of the token, lower-case hex; until the session has begun, of the code that begins it. */
  readonly hash: string;
  readonly hasBegun: boolean;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  /** The token, or the code, is refused from then on. */
  readonly expiresAt: number;
}

/** SessionRecords keeps sessions by id. One that has ended is removed. */
export type SessionRecords = NamedRecords<SessionRecord>;

const RECORD = z.looseObject({
  id: z.string().min(1),
  name: z.string().min(1),
  role: z.enum(OPERATOR_ROLES),
  environments: storedEnvironments,
  issuer: z.string(),
  subject: z.string(),
  claim: z.string(),
  hash: z.string().min(1),
  hasBegun: z.boolean(),
  createdAt: z.number(),
  expiresAt: z.number(),
});

/** The form of sessions in both stores. */
export const SESSION_FORM: RecordForm<SessionRecord> = {
  plural: 'sessions',
  one: 'a session',
  remedy: 'let people sign in again',
  nameOf: ({ id }) => id,
  toJson: (session) => {
    const { id, name, role, environments, issuer, subject, claim } = session;
    const { hash, hasBegun, createdAt, expiresAt } = session;
    const person = { id, name, role, environments: environmentTexts(environments), issuer, subject, claim };
    return JSON.stringify({ ...person, hash, hasBegun, createdAt, expiresAt });
  },
  fromJson: (text) => RECORD.parse(JSON.parse(text)),
};
