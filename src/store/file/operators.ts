/**
 * Operators of the embedded store: a file of their own, read at start and replaced at each change,
 * so that the log of rulesets knows nothing of them.
 */
import { readFile } from 'node:fs/promises';
import { replaceFile } from '../../core/durable-file.js';
import { HoldfastError, messageOf } from '../../core/errors.js';
import { operatorFromJson, operatorToJson, type OperatorRecord, type OperatorRecords } from '../operators.js';

/** FileOperators keeps operators in memory, and in a file with one JSON text a line. */
export class FileOperators implements OperatorRecords {
  readonly #path: string;
  readonly #verify: () => Promise<void>;
  #byName: Map<string, OperatorRecord>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, verify: () => Promise<void>, operators: readonly OperatorRecord[]) {
    this.#path = path;
    this.#verify = verify;
    this.#byName = new Map(operators.map((each) => [each.name, each]));
  }

  /**
   * Reads the file, if there is one.
   *
   * @param verify rejects when another process has the directory
   * @throws HoldfastError `store_damaged`
   */
  static async open(path: string, verify: () => Promise<void>): Promise<FileOperators> {
    let text = '';
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    try {
      const lines = text.split('\n').filter((line) => line !== '');
      return new FileOperators(path, verify, lines.map(operatorFromJson));
    } catch (error) {
      throw new HoldfastError(
        'store_damaged',
        `${path} is not what Holdfast wrote (${messageOf(error)}): put it back from a backup, or remove it and create the operators again`,
        { cause: error },
      );
    }
  }

  all(): Promise<OperatorRecord[]> {
    return Promise.resolve([...this.#byName.values()]);
  }

  replace(
    name: string,
    before: OperatorRecord | undefined,
    after: OperatorRecord | undefined,
  ): Promise<boolean> {
    const done = this.#last.then(() => this.#replace(name, before, after));
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Waits for the last change. */
  async close(): Promise<void> {
    await this.#last;
  }

  /** First the file, then memory. */
  async #replace(
    name: string,
    before: OperatorRecord | undefined,
    after: OperatorRecord | undefined,
  ): Promise<boolean> {
    if (textOf(this.#byName.get(name)) !== textOf(before)) return false;
    const next = new Map(this.#byName);
    if (after === undefined) next.delete(name);
    else next.set(name, after);
    try {
      await this.#verify();
      const lines = [...next.values()].map((each) => Buffer.from(`${operatorToJson(each)}\n`));
      await replaceFile(this.#path, lines);
    } catch (error) {
      throw new HoldfastError(
        'store_unavailable',
        `The operators could not be written to ${this.#path}: ${messageOf(error)}. Nothing was changed.`,
        { cause: error },
      );
    }
    this.#byName = next;
    return true;
  }
}

function textOf(operator: OperatorRecord | undefined): string {
  return operator === undefined ? '' : operatorToJson(operator);
}
