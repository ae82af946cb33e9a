/**
 * A folder as belt servers read it. One without any copy is one that is not mounted: "there is no
 * such environment" would make them refuse every key, and SDKs that are refused may not come back.
 * An S3 bucket that does not exist is recognised by the store itself.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../core/errors.js';
import type { BucketReader, BucketRead, BucketReadOptions } from './bucket.js';
import { FileBucket } from './file.js';

/** Reads copies from a folder that may not be mounted. */
export class FolderSource implements BucketReader {
  readonly #bucket: BucketReader;
  readonly #directory: string;

  constructor(directory: string) {
    this.#bucket = new FileBucket(directory);
    this.#directory = directory;
  }

  get name(): string {
    return this.#bucket.name;
  }

  /** @throws HoldfastError `bucket_unavailable`, also where there is no copy of any environment */
  async read(name: string, options: BucketReadOptions = {}): Promise<BucketRead> {
    const reading = await this.#bucket.read(name, options);
    if (reading.kind === 'absent' && !(await isFolder(join(this.#directory, 'environments')))) {
      const problem = `The folder ${this.#directory} has no copies: look whether it is mounted, and whether a writer has written to it.`;
      throw new HoldfastError('bucket_unavailable', problem);
    }
    return reading;
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
