/**
 * Sessions of people whom an issuer signed in. A session is prepared with a code, which is exchanged
 * once for its token, at any node: the store replaces the hash of the one by that of the other.
 * [protocol] #sign-in-with-an-issuer
 */
import { randomBytes } from 'node:crypto';
import type { SessionRecord, SessionRecords } from '../store/sessions.js';
import type { TokenResult } from './directory.js';
import { FreshRecords, hashToken, isSameHash } from './fresh-records.js';

/** The sessions that there can be; the oldest ends first. Readings have them all. */
const SESSIONS_MAX = 1_000;

/** The sessions of one person; the oldest ends first. */
const SESSIONS_PER_PERSON = 10;

/** The time for which a code begins a session, milliseconds: the page exchanges it when it opens. */
const CODE_MS = 2 * 60 * 1000;

/** The beginning of each token. It lets scanners of source code recognise a leaked one. */
const TOKEN_PREFIX = 'hfs_';

const UNAVAILABLE =
  'the store cannot be asked for sessions, so they cannot be checked; the tokens of HOLDFAST_ADMIN_TOKEN work';

/** The person and the rights of a session that is prepared. */
export type PreparedSession = Pick<
  SessionRecord,
  'name' | 'role' | 'environments' | 'issuer' | 'subject' | 'claim'
>;

/** The parts of a {@link SessionDirectory}. */
export interface SessionDirectoryOptions {
  readonly records: SessionRecords;
  /** The issuer whose sessions count; `undefined`: none do. */
  readonly issuer: string | undefined;
  /** The time for which a session lasts, milliseconds. */
  readonly sessionMs: number;
  readonly now: () => number;
  readonly monotonic: () => number;
}

/** SessionDirectory prepares, begins, finds and ends sessions. */
export class SessionDirectory {
  readonly #options: SessionDirectoryOptions;
  readonly #fresh: FreshRecords<SessionRecord>;

  constructor(options: SessionDirectoryOptions) {
    this.#options = options;
    this.#fresh = new FreshRecords(options.records, options.monotonic, UNAVAILABLE);
  }

  /** Returns true when a token is that of a session, by its form. */
  isToken(token: string): boolean {
    return token.startsWith(TOKEN_PREFIX);
  }

  /** Looks a token up. @throws HoldfastError `store_unavailable` */
  async find(token: string): Promise<TokenResult> {
    const session = await this.#fresh.find(token);
    const { issuer, now } = this.#options;
    if (session === undefined || !session.hasBegun || session.issuer !== issuer) return { kind: 'unknown' };
    const { name, role, environments, expiresAt } = session;
    if (expiresAt <= now()) return { kind: 'expired', name, at: expiresAt };
    return { kind: 'operator', operator: { name, role, environments }, expiresAt };
  }

  /** Prepares a session, and returns the code that begins it. Removes what is over, or one too many. */
  async prepare(person: PreparedSession): Promise<string> {
    const { records, now } = this.#options;
    await this.#makeRoom(person);
    const code = randomBytes(18).toString('base64url');
    const id = randomBytes(6).toString('hex');
    const times = { createdAt: now(), expiresAt: now() + CODE_MS };
    await records.replace(id, undefined, { ...person, id, hash: hashToken(code), hasBegun: false, ...times });
    return code;
  }

  /** Exchanges a code for the token of its session; `undefined`: it is wrong, was used, or is too old. */
  async begin(
    code: string,
  ): Promise<{ readonly session: SessionRecord; readonly token: string } | undefined> {
    const { records, sessionMs, now } = this.#options;
    const hash = hashToken(code);
    const prepared = (await records.all()).find((each) => !each.hasBegun && isSameHash(each.hash, hash));
    if (prepared === undefined || prepared.expiresAt <= now()) return undefined;
    const token = `${TOKEN_PREFIX}${randomBytes(24).toString('base64url')}`;
    const times = { createdAt: now(), expiresAt: now() + sessionMs };
    const session = { ...prepared, hash: hashToken(token), hasBegun: true, ...times };
    if (!(await records.replace(prepared.id, prepared, session))) return undefined;
    this.#fresh.forget();
    return { session, token };
  }

  /** Lists the sessions that have begun and are not over, the newest first. */
  async list(): Promise<SessionRecord[]> {
    const { records, now } = this.#options;
    return (await records.all())
      .filter(({ hasBegun, expiresAt }) => hasBegun && expiresAt > now())
      .sort((a, b) => b.createdAt - a.createdAt);
  }

  /** Ends the session of a token; `undefined`: there is none. */
  async endOwn(token: string): Promise<SessionRecord | undefined> {
    const hash = hashToken(token);
    return (await this.#endThose((each) => isSameHash(each.hash, hash)))[0];
  }

  /** Ends the session with that id; `undefined`: there is none. */
  async end(id: string): Promise<SessionRecord | undefined> {
    return (await this.#endThose((each) => each.id === id))[0];
  }

  /** Ends all sessions of a person, or of everyone; prepared ones too. Returns those that ended. */
  endAll(name: string | undefined): Promise<SessionRecord[]> {
    return this.#endThose((each) => name === undefined || each.name === name);
  }

  async #endThose(isMeant: (session: SessionRecord) => boolean): Promise<SessionRecord[]> {
    const { records } = this.#options;
    const ended: SessionRecord[] = [];
    for (const each of (await records.all()).filter(isMeant)) {
      if (await this.#remove(each)) ended.push(each);
    }
    this.#fresh.forget();
    return ended;
  }

  /** A session changes once, when it begins: then it is removed as it is afterwards. */
  async #remove(session: SessionRecord): Promise<boolean> {
    const { records } = this.#options;
    if (await records.replace(session.id, session, undefined)) return true;
    const now = (await records.all()).find(({ id }) => id === session.id);
    return now !== undefined && records.replace(now.id, now, undefined);
  }

  async #makeRoom({ issuer, subject }: PreparedSession): Promise<void> {
    const { records, now } = this.#options;
    const all = (await records.all()).sort((a, b) => b.createdAt - a.createdAt);
    const living = all.filter(({ expiresAt }) => expiresAt > now());
    const own = living.filter((each) => each.issuer === issuer && each.subject === subject);
    const kept = new Set(
      living.filter((each) => !own.slice(SESSIONS_PER_PERSON - 1).includes(each)).slice(0, SESSIONS_MAX - 1),
    );
    for (const each of all) if (!kept.has(each)) await records.replace(each.id, each, undefined);
  }
}
