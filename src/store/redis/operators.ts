/** Operators and the audit trail in Redis. */
import {
  AUDIT_MAX_ENTRIES,
  auditFromJson,
  auditToJson,
  type AuditEntry,
  type AuditLog,
  type StoredAuditEntry,
} from '../audit.js';
import { operatorFromJson, operatorToJson, type OperatorRecord, type OperatorRecords } from '../operators.js';
import { replyList, replyPairs, replyText } from './codec.js';
import { undamaged } from './damage.js';
import type { Commands } from './commands.js';
import { names } from './names.js';

/**
 * KEYS: operators. ARGV: name, JSON as it was read (empty: absent), JSON to write (empty: remove).
 */
const REPLACE_OPERATOR = `
local before = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if before ~= ARGV[2] then return 0 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
`;

/** KEYS: audit. ARGV: entries to keep, JSON. */
const ADD_AUDIT = `
return redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[1], '*', 'entry', ARGV[2])
`;

/** RedisOperators keeps operators in a hash, by name. */
export class RedisOperators implements OperatorRecords {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  async all(): Promise<OperatorRecord[]> {
    const values = replyPairs(await this.#commands.command('HGETALL', names.operators));
    return [...values].map(([name, value]) =>
      undamaged(
        `an operator (the field ${JSON.stringify(name)} of the hash ${names.operators})`,
        () => operatorFromJson(replyText(value)),
        'Remove that field with HDEL, and create the operator again.',
      ),
    );
  }

  async replace(
    name: string,
    before: OperatorRecord | undefined,
    after: OperatorRecord | undefined,
  ): Promise<boolean> {
    const [was, next] = [before, after].map((each) => (each === undefined ? '' : operatorToJson(each)));
    const args = [name, was ?? '', next ?? ''];
    return (await this.#commands.write({ lua: REPLACE_OPERATOR, keys: [names.operators], args })) === 1;
  }
}

/** RedisAuditLog keeps the audit trail in a stream. */
export class RedisAuditLog implements AuditLog {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  async add(entry: AuditEntry): Promise<void> {
    const args = [AUDIT_MAX_ENTRIES, auditToJson(entry)];
    await this.#commands.write({ lua: ADD_AUDIT, keys: [names.audit], args });
  }

  async before(id: string | undefined, count: number): Promise<StoredAuditEntry[]> {
    const from = id === undefined ? '+' : `(${id}`;
    const reply = await this.#commands.command('XREVRANGE', names.audit, from, '-', 'COUNT', count);
    return replyList(reply).map((each) => {
      const [place, fields] = replyList(each);
      const id = replyText(place);
      const entry = undamaged(
        `an entry of the audit trail (${id} of the stream ${names.audit})`,
        () => auditFromJson(replyText(replyList(fields)[1])),
        'Remove that entry with XDEL.',
      );
      return { ...entry, id };
    });
  }
}
