/**
 * Installs and builds what a script needs: Node, the packages, the compiled server, and for tests redis-server, Pushpin, Chromium, Varnish, nginx, HAProxy, Caddy and promtool.
 *
 * Plain Node without dependencies, because it is what installs them. Each step is skipped, in milliseconds, when there is nothing to do.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { fetchRedisVersions } from './redis-versions.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The same as "engines" in package.json: the first 20 that imports ES modules by `require`, which a dependency needs. */
const MINIMUM_NODE = [20, 19];

/** Debian's package of a program, where it has another name. */
const PACKAGES = {
  varnishd: 'varnish',
  pip3: 'python3-pip',
  promtool: 'prometheus',
  'systemd-analyze': 'systemd',
};

/** A step that did not work; the message is all that the user needs to read. */
export class SetupError extends Error {}

/** Runs the steps, and ends the process with a sentence when one does not work. */
export function setUp(...steps) {
  try {
    for (const step of steps) step();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    process.exit(1);
  }
}

export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = MINIMUM_NODE;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new SetupError(
    `Holdfast needs Node ${MINIMUM_NODE.join('.')} or newer; this is Node ${version}. Get a newer one from https://nodejs.org.`,
  );
}

/** Lets all later steps, and what runs afterwards, find the programs that Debian has where only root looks. */
export function lookWhereServersAre() {
  process.env.PATH = [process.env.PATH ?? '', '/usr/sbin', '/usr/local/sbin'].join(delimiter);
}

/** Installs the packages of a folder's package-lock.json, unless npm has done so since it last changed. */
export function installPackages(folder = root) {
  // npm writes this file at the end of every installation that worked.
  const installed = modified(join(folder, 'node_modules/.package-lock.json'));
  if (installed !== undefined && installed >= (modified(join(folder, 'package-lock.json')) ?? 0)) return;
  console.error(`Installing packages${folder === root ? '' : ` of ${basename(folder)}/`} (npm ci) ...`);
  // The compiler is needed to start, also where NODE_ENV=production would leave development packages out.
  const args = ['ci', `--prefix=${folder}`, '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  if (run('npm', args) !== 0) throw new SetupError('npm ci failed; the reason is above.');
}

/** Builds the server, the libraries and the console to dist, unless nothing changed since the last time. */
export function build() {
  const stamp = join(root, 'dist/.built');
  const built = modified(stamp);
  const sources = [
    'src',
    'console',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/bundle.mjs',
    'vite.config.ts',
    'package-lock.json',
  ];
  if (built !== undefined && newest(sources.map((name) => join(root, name))) <= built) return;
  // A file that changes while they are built must be newer than the stamp, so the stamp bears the time before.
  const before = new Date();
  console.error('Building ...');
  if (run('npm', ['run', '--silent', 'build']) !== 0) {
    throw new SetupError('The code cannot be built; the errors are above.');
  }
  writeFileSync(stamp, '');
  utimesSync(stamp, before, before);
}

/** Builds the program for Fastly's edge, unless nothing changed since the last time. Its packages are large, so only tests and deployments have them. */
export function buildEdge() {
  const folder = join(root, 'edge');
  installPackages(folder);
  const built = modified(join(folder, 'bin/main.wasm'));
  const sources = ['src', 'package.json', 'package-lock.json', 'tsconfig.json'];
  if (built !== undefined && newest(sources.map((name) => join(folder, name))) <= built) return;
  console.error('Building the edge program ...');
  if (run('npm', ['run', '--silent', 'edge:build']) !== 0) {
    throw new SetupError('The edge program cannot be built; the errors are above.');
  }
}

/**
 * Makes sure of the servers that tests and the stack run against, and of other programs that are named: installs them on Debian and Ubuntu,
 * else says what is missing.
 */
export function installServers(...others) {
  // A Pushpin that the environment names is not installed, and brings what it needs.
  const wanted = process.env.PUSHPIN === undefined ? ['redis-server', 'pushpin'] : ['redis-server'];
  const missing = () => missingPrograms(...wanted, ...others);
  // Twice, because which programs Pushpin needs shows when its version is known.
  for (let round = 0; round < 2 && missing().length > 0; round++) {
    if (!installWithApt(missing().map((name) => PACKAGES[name] ?? name))) break;
  }
  if (missing().length > 0) throw new SetupError(instructions(missing()));
}

/** Fetches the oldest and the newest Redis that the tests run against. */
export function installRedisVersions() {
  try {
    fetchRedisVersions();
  } catch (error) {
    throw new SetupError(error.message);
  }
}

/** The programs that are missing. */
function missingPrograms(...wanted) {
  const missing = wanted.filter((command) => !isInstalled(command));
  // Before 1.40 Pushpin's connection manager and its HTTP client were programs of their own.
  if (wanted.includes('pushpin') && !missing.includes('pushpin') && isOldPushpin()) {
    missing.push(...['condure', 'zurl'].filter((command) => !isInstalled(command)));
  }
  return missing;
}

function isOldPushpin() {
  const { stdout } = spawnSync('pushpin', ['--version'], { encoding: 'utf8' });
  const [, major, minor] = /(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  return Number(major) === 1 && Number(minor) < 40;
}

/** Installs Debian packages, as root or where sudo asks no password; returns whether that worked. */
function installWithApt(packages) {
  if (!isInstalled('apt-get')) return false;
  const prefix = becomeRoot();
  if (prefix === undefined) return false;
  const apt = (...args) => {
    const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args];
    return run(command, rest) === 0;
  };
  console.error(`Installing ${packages.join(', ')} (apt-get) ...`);
  // The package lists may be old or, in a fresh container, absent.
  return apt('update') && apt('install', '-y', '--no-install-recommends', ...packages);
}

function becomeRoot() {
  if (process.getuid?.() === 0) return [];
  if (isInstalled('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) {
    return ['sudo', '-n'];
  }
  return undefined;
}

function instructions(missing) {
  return [
    `Missing: ${missing.join(', ')}. The tests and the stack run against a real Redis and a real Pushpin, the tests with a real Chromium, nginx, HAProxy, Caddy and promtool too, and with the lab against a real Varnish; install them and try again.`,
    '  Debian:    sudo apt-get update && sudo apt-get install --no-install-recommends redis-server pushpin condure zurl python3 chromium varnish nginx haproxy caddy prometheus',
    '  Ubuntu:    the same, but for chromium: sudo snap install chromium',
    '  macOS:     brew install redis pushpin python3 chromium varnish nginx haproxy caddy prometheus',
    '  elsewhere: https://redis.io/docs/latest/operate/oss_and_stack/install/ and https://pushpin.org/docs/install/, and any browser that is Chromium as `chromium` on the PATH; https://varnish-cache.org/releases/',
  ].join('\n');
}

export function isInstalled(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs a command whose output is progress: it goes to stderr, and the exit code comes back. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error !== undefined) throw new SetupError(`${command} cannot be run: ${error.message}`);
  return status ?? 1;
}

/** When a file was last modified, milliseconds; `undefined` when there is none. */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** The newest modification of files and folders, with everything in them. A folder changes when a file in it is added or removed. */
function newest(paths) {
  const times = paths.flatMap((path) => {
    const stat = statSync(path);
    if (!stat.isDirectory()) return [stat.mtimeMs];
    return [stat.mtimeMs, newest(readdirSync(path).map((name) => join(path, name)))];
  });
  return Math.max(0, ...times);
}
