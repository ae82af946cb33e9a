/**
 * Operators and sessions of the embedded store: a file for each kind, read at start and replaced at
 * each change, so that the log of rulesets knows nothing of them.
 */
import { readFile } from 'node:fs/promises';
import { replaceFile } from '../../core/durable-file.js';
import { HoldfastError, messageOf } from '../../core/errors.js';
import type { NamedRecords, RecordForm } from '../named-records.js';

/** FileRecords keeps records in memory, and in a file with one JSON text a line. */
export class FileRecords<T> implements NamedRecords<T> {
  readonly #path: string;
  readonly #form: RecordForm<T>;
  readonly #verify: () => Promise<void>;
  #byName: Map<string, T>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, form: RecordForm<T>, verify: () => Promise<void>, records: readonly T[]) {
    this.#path = path;
    this.#form = form;
    this.#verify = verify;
    this.#byName = new Map(records.map((each) => [form.nameOf(each), each]));
  }

  /**
   * Reads the file, if there is one.
   *
   * @param verify rejects when another process has the directory
   * @throws HoldfastError `store_damaged`
   */
  static async open<T>(
    path: string,
    form: RecordForm<T>,
    verify: () => Promise<void>,
  ): Promise<FileRecords<T>> {
    let text = '';
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    try {
      const lines = text.split('\n').filter((line) => line !== '');
      return new FileRecords(path, form, verify, lines.map(form.fromJson));
    } catch (error) {
      throw new HoldfastError(
        'store_damaged',
        `${path} is not what Holdfast wrote (${messageOf(error)}): put it back from a backup, or remove it and ${form.remedy}`,
        { cause: error },
      );
    }
  }

  all(): Promise<T[]> {
    return Promise.resolve([...this.#byName.values()]);
  }

  replace(name: string, before: T | undefined, after: T | undefined): Promise<boolean> {
    const done = this.#last.then(() => this.#replace(name, before, after));
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Waits for the last change. */
  async close(): Promise<void> {
    await this.#last;
  }

  /** First the file, then memory. */
  async #replace(name: string, before: T | undefined, after: T | undefined): Promise<boolean> {
    if (this.#textOf(this.#byName.get(name)) !== this.#textOf(before)) return false;
    const next = new Map(this.#byName);
    if (after === undefined) next.delete(name);
    else next.set(name, after);
    try {
      await this.#verify();
      const lines = [...next.values()].map((each) => Buffer.from(`${this.#form.toJson(each)}\n`));
      await replaceFile(this.#path, lines);
    } catch (error) {
      throw new HoldfastError(
        'store_unavailable',
        `The ${this.#form.plural} could not be written to ${this.#path}: ${messageOf(error)}. Nothing was changed.`,
        { cause: error },
      );
    }
    this.#byName = next;
    return true;
  }

  #textOf(record: T | undefined): string {
    return record === undefined ? '' : this.#form.toJson(record);
  }
}
