/** The audit trail in Redis. */
import {
  AUDIT_MAX_ENTRIES,
  auditFromJson,
  auditToJson,
  type AuditEntry,
  type AuditLog,
  type StoredAuditEntry,
} from '../audit.js';
import { replyList, replyText } from './codec.js';
import { undamaged } from './damage.js';
import type { Commands } from './commands.js';
import { names } from './names.js';

/** KEYS: audit. ARGV: entries to keep, JSON. */
const ADD_AUDIT = `
return redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[1], '*', 'entry', ARGV[2])
`;

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
