/**
 * The audit trail of the embedded store: one JSON text a line, in a file of its own that is renamed
 * when it is full, so that two files hold the trail and nothing is rewritten.
 */
import { appendFile, readFile, rename } from 'node:fs/promises';
import type { Logger } from 'pino';
import { HoldfastError, messageOf } from '../../core/errors.js';
import {
  AUDIT_MAX_ENTRIES,
  auditFromJson,
  auditToJson,
  compareAuditIds,
  type AuditEntry,
  type AuditLog,
  type StoredAuditEntry,
} from '../audit.js';

/** The most that the trail takes in memory and in each of its two files, bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

/** FileAuditLog keeps the newest entries in memory too. */
export class FileAuditLog implements AuditLog {
  readonly #path: string;
  /** Oldest first. */
  readonly #entries: StoredAuditEntry[] = [];
  readonly #sizes: number[] = [];
  #bytes = 0;
  #fileBytes = 0;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string) {
    this.#path = path;
  }

  /** Reads the files. A line that was not written to its end is passed over, with a log line. */
  static async open(path: string, log: Logger): Promise<FileAuditLog> {
    const audit = new FileAuditLog(path);
    for (const name of [`${path}.old`, path]) {
      const text = await readFile(name, 'utf8').catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
        throw error;
      });
      audit.#fileBytes = Buffer.byteLength(text);
      for (const line of text.split('\n')) {
        if (line === '') continue;
        const end = line.indexOf(' ');
        try {
          audit.#keep({ ...auditFromJson(line.slice(end)), id: line.slice(0, end) }, line.length + 1);
        } catch (error) {
          log.warn({ path: name, error: messageOf(error) }, 'a line of the audit trail cannot be read');
        }
      }
    }
    return audit;
  }

  add(entry: AuditEntry): Promise<void> {
    const done = this.#last.then(() => this.#add(entry));
    this.#last = done.catch(() => undefined);
    return done;
  }

  before(id: string | undefined, count: number): Promise<StoredAuditEntry[]> {
    const end = id === undefined ? -1 : this.#entries.findIndex((each) => compareAuditIds(each.id, id) >= 0);
    const older = end < 0 ? this.#entries : this.#entries.slice(0, end);
    return Promise.resolve(older.slice(-count).reverse());
  }

  /** Waits for the last entry. */
  async close(): Promise<void> {
    await this.#last;
  }

  async #add(entry: AuditEntry): Promise<void> {
    const id = this.#nextId(entry.at);
    // A line break first, because the line before may have been cut by a crash.
    const json = auditToJson(entry);
    const line = `\n${id} ${json}`;
    try {
      if (this.#fileBytes > MAX_BYTES) {
        await rename(this.#path, `${this.#path}.old`);
        this.#fileBytes = 0;
      }
      await appendFile(this.#path, line, { mode: 0o600 });
    } catch (error) {
      throw new HoldfastError(
        'store_unavailable',
        `The audit trail cannot be written: ${messageOf(error)}.`,
        {
          cause: error,
        },
      );
    }
    this.#fileBytes += Buffer.byteLength(line);
    this.#keep({ ...auditFromJson(json), id }, line.length);
  }

  #nextId(at: number): string {
    const [time = 0, count = 0] = (this.#entries.at(-1)?.id ?? '0-0').split('-').map(Number);
    return at > time ? `${at}-0` : `${time}-${count + 1}`;
  }

  #keep(entry: StoredAuditEntry, size: number): void {
    this.#entries.push(entry);
    this.#sizes.push(size);
    this.#bytes += size;
    while (this.#entries.length > AUDIT_MAX_ENTRIES || this.#bytes > MAX_BYTES) {
      this.#entries.shift();
      this.#bytes -= this.#sizes.shift() ?? 0;
    }
  }
}
