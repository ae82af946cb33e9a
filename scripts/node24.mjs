/**
 * `npm run test:node24`: the unit tests, those of the HTTP interface among them, and one end-to-end file on Node 24, whichever Node runs this.
 *
 * The npm package `node` brings the binary. Versions are exact, so that a run can be repeated.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { checkNode, installPackages, root, setUp } from './setup.mjs';

const VERSION = '24.21.0';
const folder = join(root, 'node_modules/.cache/node24');
const binary = join(folder, 'node_modules/node/bin/node');

setUp(checkNode, installPackages);
if (!existsSync(binary)) {
  mkdirSync(folder, { recursive: true });
  console.error(`Installing Node ${VERSION} (npm) ...`);
  run('npm', ['install', `--prefix=${folder}`, '--no-save', '--no-audit', '--no-fund', `node@${VERSION}`]);
}
const test = join(root, 'scripts/test.mjs');
run(binary, ['--version']);
const results = [run(binary, [test, '--unit']), run(binary, [test, 'test/e2e/delivery.pushpin.test.ts'])];
process.exitCode = results.every((status) => status === 0) ? 0 : 1;

/** Runs a program to its end; resolves to its exit code. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
}
