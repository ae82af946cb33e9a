/**
 * Records what is done in administration: one log line and one entry of the audit trail each. An
 * entry that cannot be written never fails or delays what was done; it is logged and counted.
 */
import { messageOf } from '../core/errors.js';
import type { Logger } from '../observe/log.js';
import type { AuditEntry, AuditLog } from '../store/audit.js';

/** The time in which repetitions become one entry, milliseconds. */
const WINDOW_MS = 60_000;

/** Repetitions that are told apart at a time; more of them become one. */
const MAX_WINDOWS = { refusal: 5, change: 200 };

/** Entries that wait for a slow store; more are lost, and counted. */
const MAX_PENDING = 1_000;

/** The parts of an {@link AuditTrail}. */
export interface AuditTrailOptions {
  readonly store: AuditLog;
  readonly log: Logger;
  readonly now: () => number;
  /** Called for each entry that could not be written. */
  readonly onLost: () => void;
  /** Runs a function after milliseconds. It must not keep the process alive. */
  readonly after?: (ms: number, run: () => void) => void;
}

/** An entry without its time, which is now. */
export type AuditNote = Omit<AuditEntry, 'at'>;

interface Window {
  repetitions: number;
  last: AuditNote;
}

/** AuditTrail records entries, and lets repetitions within a minute become one. */
export class AuditTrail {
  readonly #options: AuditTrailOptions;
  readonly #windows = { refusal: new Map<string, Window>(), change: new Map<string, Window>() };
  #pending = 0;
  /** Resolves when every entry was written or lost. */
  #written: Promise<unknown> = Promise.resolve();

  constructor(options: AuditTrailOptions) {
    this.#options = options;
  }

  /** Records an entry. */
  record(note: AuditNote): void {
    const { log, now, store, onLost } = this.#options;
    const entry: AuditEntry = { at: now(), ...note };
    const { environment } = entry;
    log.info(
      { audit: { ...note, environment: environment === undefined ? undefined : `${environment}` } },
      'administration',
    );
    if (this.#pending >= MAX_PENDING) {
      onLost();
      return;
    }
    this.#pending++;
    const written = store
      .add(entry)
      .catch((error: unknown) => {
        onLost();
        log.warn({ action: entry.action, error: messageOf(error) }, 'an entry of the audit trail was lost');
      })
      .finally(() => this.#pending--);
    this.#written = Promise.all([this.#written, written]);
  }

  /** Records a change: the first of an operator in an environment, and the rest of a minute as one. */
  recordChange(note: AuditNote): void {
    this.#once('change', `${note.operator} ${note.environment ?? ''} ${note.action}`, note);
  }

  /** Records a refused credential: the first of an address, and the rest of a minute as one. */
  recordRefusal(address: string, reason: string, details: AuditNote['details'] = {}): void {
    const note = { action: 'refuseCredential', operator: '', details: { ...details, reason } };
    const windows = this.#windows.refusal;
    const isOne = windows.has(address) || windows.size < MAX_WINDOWS.refusal;
    const subject = isOne ? address : 'other addresses';
    this.#once('refusal', subject, { ...note, subject });
  }

  /** Writes what was held back, and resolves when every entry was written or lost. */
  async settled(): Promise<void> {
    for (const kind of ['refusal', 'change'] as const) {
      for (const key of [...this.#windows[kind].keys()]) this.#close(kind, key);
    }
    await this.#written;
  }

  #once(kind: 'refusal' | 'change', key: string, note: AuditNote): void {
    const windows = this.#windows[kind];
    const open = windows.get(key);
    if (open !== undefined) {
      open.repetitions++;
      open.last = note;
      return;
    }
    this.record(note);
    if (windows.size > MAX_WINDOWS[kind]) return;
    windows.set(key, { repetitions: 0, last: note });
    const { after = defaultAfter } = this.#options;
    after(WINDOW_MS, () => this.#close(kind, key));
  }

  #close(kind: 'refusal' | 'change', key: string): void {
    const window = this.#windows[kind].get(key);
    this.#windows[kind].delete(key);
    if (window === undefined || window.repetitions === 0) return;
    const { repetitions, last } = window;
    this.record({ ...last, details: { ...last.details, count: `${repetitions}` } });
  }
}

function defaultAfter(ms: number, run: () => void): void {
  setTimeout(run, ms).unref();
}
