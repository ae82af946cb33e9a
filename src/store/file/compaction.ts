/**
 * Compaction: a log that is mostly superseded is replaced by one that begins with a snapshot, while
 * commits go on.
 *
 *     commits      ──┬──c1──c2──…──c900──────────c901──┬───c902──▶   each waits for at most the last step
 *     compaction     image  snapshot ▶ c1 … c900 ▶ sync │ c901, sync, rename
 *
 * The image is taken between two batches, in one turn: the lists of configs and no bytes of them,
 * and the places of the histories' entries, which are copied from the present log. The snapshot is
 * written in pieces of 256 KiB, and the batches that were appended since the image
 * are then copied as they are, in rounds until little is left. The last step runs in the log's
 * turn: the rest is copied and synced, and the new file takes the name `log`.
 *
 * Invariant: `log` is a whole log at any time, and the batch that was acknowledged last is in it:
 * until the rename the old file is complete, and the new one is complete and synced before it. What
 * a crash or a full disk leaves is a file of another name, which the next start removes.
 */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { frame } from './frame.js';
import type { EnvironmentHistory, HistoryIndex, HistoryLine } from './history-index.js';
import { writeAll, type Log, type Replacement } from './log.js';
import { readHistoryRecord } from './history-line.js';
import type { LogHeader } from './record.js';
import { recordOf, type StateImage } from './image.js';

/** The bytes of batches that the last step may copy: about one commit's worth. */
const LAST_STEP = 256 * 1024;

/** The bytes that are written together. */
const PIECE = 256 * 1024;

/**
 * The bytes after which the new file is synced, so that no commit waits for the disk to take more
 * than these.
 */
const SYNC_EVERY = 4 * PIECE;

/** The parts of a compaction. */
export interface CompactionInput {
  readonly log: Log;
  readonly image: StateImage;
  readonly history: HistoryIndex;
  /** Its entries at the time of the image. */
  readonly histories: readonly EnvironmentHistory[];
  /** The number of the last record in the image. */
  readonly sequence: number;
  /** The position of the log's end at the time of the image. */
  readonly offset: number;
  /** The name of the temporary file. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/**
 * Replaces the log. When it rejects, the present log goes on, and the temporary file is gone.
 *
 * @throws the file system's error, or the signal's reason when it aborts
 */
export async function compact(input: CompactionInput): Promise<void> {
  const path = join(dirname(input.log.path), input.name);
  const file = await open(path, 'w+', 0o600);
  try {
    const target = new Target(file, path, input);
    await target.writeSnapshot();
    while (input.log.size - target.upTo > LAST_STEP) await target.copyBatches(input.log.size);
    await file.sync();
    await input.log.replaceWith(async () => {
      await target.copyBatches(input.log.size);
      await file.datasync();
      return target.replacement;
    });
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
}

/** The new log while it is written. */
class Target {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #input: CompactionInput;
  readonly #histories: readonly EnvironmentHistory[];
  /** The places of their entries in the new log. */
  #moved: EnvironmentHistory[] = [];
  #snapshotEnd = 0;
  #piece: Buffer[] = [];
  #pieceBytes = 0;
  #size = 0;
  #synced = 0;
  #upTo: number;

  constructor(file: FileHandle, path: string, input: CompactionInput) {
    this.#file = file;
    this.#path = path;
    this.#input = input;
    this.#upTo = input.offset;
    this.#histories = input.histories;
  }

  /** The position in the present log up to which its batches are in this one. */
  get upTo(): number {
    return this.#upTo;
  }

  get replacement(): Replacement {
    const { history, offset } = this.#input;
    const onReplaced = (): void => history.move(this.#moved, this.#snapshotEnd - offset);
    return { file: this.#file, path: this.#path, size: this.#size, upTo: this.#upTo, onReplaced };
  }

  async writeSnapshot(): Promise<void> {
    const { image, sequence } = this.#input;
    const entries = this.#histories.reduce((sum, { lines }) => sum + lines.length, 0);
    const header: LogHeader = { holdfast: 1, sequence, snapshot: image.length + entries };
    await this.#add(frame(header));
    for (const line of image) await this.#add(frame(recordOf(line)));
    for (const history of this.#histories) await this.#copyHistory(history);
    await this.#writePiece();
    this.#snapshotEnd = this.#size;
  }

  async #copyHistory({ environment, first, lines }: EnvironmentHistory): Promise<void> {
    const moved: HistoryLine[] = [];
    for (const line of lines) {
      const record = readHistoryRecord(await this.#input.log.read(line.start, line.length), environment);
      if (record === undefined) throw new Error(`it has no history entry at byte ${line.start}`);
      const framed = frame(record);
      moved.push({ ...line, start: this.#size + this.#pieceBytes, length: framed.length - 1 });
      await this.#add(framed);
    }
    this.#moved.push({ environment, first, lines: moved });
  }

  async #add(framed: Buffer): Promise<void> {
    this.#piece.push(framed);
    this.#pieceBytes += framed.length;
    if (this.#pieceBytes >= PIECE) await this.#writePiece();
  }

  async #writePiece(): Promise<void> {
    await this.#write(Buffer.concat(this.#piece));
    [this.#piece, this.#pieceBytes] = [[], 0];
  }

  async copyBatches(end: number): Promise<void> {
    while (this.#upTo < end) {
      const bytes = await this.#input.log.read(this.#upTo, Math.min(PIECE, end - this.#upTo));
      if (bytes.length === 0) throw new Error(`${this.#input.log.path} is shorter than it was`);
      await this.#write(bytes);
      this.#upTo += bytes.length;
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#input.signal.throwIfAborted();
    await writeAll(this.#file, bytes, this.#size);
    this.#size += bytes.length;
    if (this.#size - this.#synced < SYNC_EVERY) return;
    await this.#file.datasync();
    this.#synced = this.#size;
  }
}
