/**
 * The last uses of API keys of the embedded store: a file of their own, replaced once a minute at
 * most, so that the log of rulesets knows nothing of them.
 */
import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { replaceFile } from '../../core/durable-file.js';
import { messageOf } from '../../core/errors.js';
import { mapSteps, runInTurns } from '../../core/steps.js';
import { KEY_USE_STEP_MS, type KeyUse } from '../key-use.js';

/** FileKeyUse keeps uses in memory, and in a file with an id and a time on each line. */
export class FileKeyUse implements KeyUse {
  readonly #path: string;
  readonly #verify: () => Promise<void>;
  readonly #byId: Map<string, number>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, verify: () => Promise<void>, uses: Map<string, number>) {
    this.#path = path;
    this.#verify = verify;
    this.#byId = uses;
  }

  /**
   * Reads the file, if there is one. One that cannot be read is begun again: no key is worth less
   * without it.
   *
   * @param verify rejects when another process has the directory
   */
  static async open(path: string, verify: () => Promise<void>, log: Logger): Promise<FileKeyUse> {
    let text = '';
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        log.warn({ path, error: messageOf(error) }, 'the last uses of keys cannot be read; they begin again');
    }
    const uses = new Map<string, number>();
    for (const line of text.split('\n')) {
      const [, id, at] = /^([A-Za-z0-9-]+) (\d{1,15})$/.exec(line) ?? [];
      if (id !== undefined && at !== undefined) uses.set(id, Number(at));
    }
    return new FileKeyUse(path, verify, uses);
  }

  note(uses: ReadonlyMap<string, number>): Promise<void> {
    const done = this.#last.then(() => this.#note(uses));
    this.#last = done.catch(() => undefined);
    return done;
  }

  lastUses(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = ids.flatMap((id) => {
      const at = this.#byId.get(id);
      return at === undefined ? [] : [[id, at] as const];
    });
    return Promise.resolve(new Map(found));
  }

  /** Waits for the last write. */
  async close(): Promise<void> {
    await this.#last;
  }

  /** First memory, then the file: what is not written now is written with the next use. */
  async #note(uses: ReadonlyMap<string, number>): Promise<void> {
    const newer = [...uses].filter(([id, at]) => at >= (this.#byId.get(id) ?? 0) + KEY_USE_STEP_MS);
    if (newer.length === 0) return;
    for (const [id, at] of newer) this.#byId.set(id, at);
    const lines = await runInTurns(mapSteps(this.#byId, ([id, at]) => `${id} ${at}\n`));
    await this.#verify();
    await replaceFile(this.#path, slicesOf(lines));
  }
}

/** The lines that are written at a time. */
const LINES_AT_ONCE = 2_000;

function* slicesOf(lines: readonly string[]): Generator<Buffer> {
  for (let at = 0; at < lines.length; at += LINES_AT_ONCE)
    yield Buffer.from(lines.slice(at, at + LINES_AT_ONCE).join(''));
}
