/**
 * `npm test [-- ARGUMENTS OF VITEST]`: installs what is missing, servers included, compiles, and runs the tests.
 * `npm run test:unit [-- ARGUMENTS OF VITEST]`: runs the tests that need nothing but Node, with a tenth of the random cases.
 *
 * Its last line is `tests: N passed, N failed`, and the exit code agrees with it. What did not run counts as failed: a skipped test, a
 * file that could not be loaded, an error outside of any test.
 *
 * When at most three files failed, these run once more, alone: many tests start servers and browsers, which a busy machine can
 * starve. A test that passes then has passed; the lines before the last name it and how it failed at first. An error that no test
 * caught fails the file that ran meanwhile.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import {
  build,
  buildEdge,
  checkNode,
  installPackages,
  installRedisVersions,
  installServers,
  lookWhereServersAre,
  root,
  setUp,
} from './setup.mjs';
import { count, failures, filesToRunAgain, mergeReports, withUnhandled } from './test-count.mjs';

// Python runs an example and, with pip, fetches other versions of Redis; Chromium opens pages that use
// Holdfast; Varnish is the cache of lab/; nginx, HAProxy and Caddy stand before Pushpin (examples/front/);
// promtool, of Debian's prometheus, tests the alert rules, and systemd-analyze the unit; zsh and fish complete commands.
const installAllServers = () =>
  installServers(
    'python3',
    'pip3',
    'chromium',
    'varnishd',
    'nginx',
    'haproxy',
    'caddy',
    'promtool',
    'systemd-analyze',
    'zsh',
    'fish',
  );
const unit = process.argv[2] === '--unit';
if (unit) process.env.TEST_QUICK = '1';
const servers = [lookWhereServersAre, installAllServers, installRedisVersions, build, buildEdge];
setUp(checkNode, installPackages, ...(unit ? [] : servers));

const folder = mkdtempSync(join(tmpdir(), 'hf-test-'));
const report = join(folder, 'report.json');
const unhandled = join(folder, 'unhandled.json');
const chosen = process.argv.slice(unit ? 3 : 2);
const projects = unit ? ['--project', 'code', '--project', 'mocks'] : [];
let code = await vitest(chosen);
let result = readReport();
const again = filesToRunAgain(result, chosen);
const first = failures(result);
if (again.length > 0) {
  for (const file of [report, unhandled]) rmSync(file, { force: true });
  code = await vitest(again);
  const second = readReport();
  result = second && mergeReports(result, second);
}
const { passed, failed, notes } = count(result, code, chosen);
rmSync(folder, { recursive: true, force: true });
const last = failures(result);
for (const { test, reason } of last) console.log(`Failed: ${test}: ${reason}`);
for (const { test, reason } of first) {
  if (!last.some((other) => other.test === test))
    console.log(`Passed only when run again: ${test}: ${reason}`);
}
for (const note of notes) console.log(note);
console.log(`tests: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Resolves to Vitest's exit code; what a signal ends has failed. */
function vitest(args) {
  const reporters = [
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    `--reporter=${join(root, 'scripts/unhandled-errors.mjs')}`,
  ];
  const command = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...projects, ...args];
  const child = spawn(process.execPath, command, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, TEST_UNHANDLED_ERRORS: unhandled },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
}

/** Vitest's report with the errors that no test caught; `undefined` when it ended before it wrote them. */
function readReport() {
  try {
    return withUnhandled(
      JSON.parse(readFileSync(report, 'utf8')),
      JSON.parse(readFileSync(unhandled, 'utf8')),
    );
  } catch {
    return undefined;
  }
}
