/**
 * Secrets in files, as orchestrators mount them: `NAME_FILE` names the file that has the value of
 * `NAME`.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { HoldfastError, messageOf } from '../core/errors.js';

/** The largest file that can be a secret, bytes; several PEM keys take a few thousand. */
const FILE_MAX_BYTES = 64 * 1024;

/** Reads the text of a file; throws when it cannot. */
export type SecretReader = (path: string) => string;

/** The variable that names the file with the value of a secret. */
export function fileVariable(name: string): string {
  return `${name}_FILE`;
}

/** Where a secret comes from. */
export interface FoundSecret {
  readonly text: string;
  /** The file that it was read from; `undefined`: the variable itself. */
  readonly path: string | undefined;
}

/**
 * Finds the value of a secret: in its variable, or in the file that `NAME_FILE` names, without white
 * space around it (editors and `echo` end files with a newline). An empty variable counts as not
 * set.
 *
 * @returns `undefined` when neither is set
 * @throws HoldfastError `field_invalid` when both are, or the file cannot be read or is empty
 */
export function findSecret(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  read: SecretReader = readSecretFile,
): FoundSecret | undefined {
  const direct = env[name]?.trim() ?? '';
  const path = env[fileVariable(name)]?.trim() ?? '';
  if (path === '') return direct === '' ? undefined : { text: direct, path: undefined };
  const field = fileVariable(name);
  if (direct !== '') {
    throw new HoldfastError(
      'field_invalid',
      `${name} and ${field} are both set, and it is not said which counts. Remove one.`,
      { field },
    );
  }
  return { text: readNamedFile(field, path, read), path };
}

function readNamedFile(field: string, path: string, read: SecretReader): string {
  let text: string;
  try {
    text = read(path).trim();
  } catch (cause) {
    const problem = `${field} names ${path}, which cannot be read (${messageOf(cause)}).`;
    throw new HoldfastError('field_invalid', `${problem} Look at the path, the mount and its permissions.`, {
      field,
      cause,
    });
  }
  if (text !== '') return text;
  throw new HoldfastError(
    'field_invalid',
    `${field} names ${path}, which is empty. Write the secret into it.`,
    {
      field,
    },
  );
}

/** Reads a file of UTF-8 text. No message has anything of its content. */
const readSecretFile: SecretReader = (path) => {
  const file = openSync(path, 'r');
  try {
    // Not the size that the file system says: pipes have none.
    const buffer = Buffer.alloc(FILE_MAX_BYTES + 1);
    let length = 0;
    for (;;) {
      const bytes = readSync(file, buffer, length, buffer.length - length, null);
      if (bytes === 0) break;
      length += bytes;
    }
    if (length > FILE_MAX_BYTES) throw new Error(`it has more than ${FILE_MAX_BYTES} bytes`);
    return decodeText(buffer.subarray(0, length));
  } finally {
    closeSync(file);
  }
};

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('it is not UTF-8 text');
  }
}
