/**
 * `npm run test:charts`: the tests of charts/, with the helm of the PATH, or one that Go builds from source. Go fetches it from its module
 * proxy; the version is exact, so that a run can be repeated.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { checkNode, installPackages, isInstalled, root, setUp, SetupError } from './setup.mjs';

const VERSION = 'v3.16.4';
const folder = join(root, 'node_modules/.cache/helm');

setUp(checkNode, installPackages);
setUp(() => {
  process.env.HELM = isInstalled('helm') ? 'helm' : built();
});
process.exitCode = run(process.execPath, join(root, 'scripts/test.mjs'), 'test/charts');

/** Builds helm, unless it is there; returns its path. */
function built() {
  const binary = join(folder, 'helm');
  if (existsSync(binary)) return binary;
  if (!isInstalled('go')) {
    throw new SetupError(
      'Missing: helm. Install it (https://helm.sh/docs/intro/install/), or Go to build it, and try again.',
    );
  }
  console.error(`Building helm ${VERSION} (go install), which takes some minutes ...`);
  process.env.GOBIN = folder;
  if (run('go', 'install', `helm.sh/helm/v3/cmd/helm@${VERSION}`) !== 0) {
    throw new SetupError('Helm cannot be built; the errors are above.');
  }
  return binary;
}

/** Runs a program to its end; returns its exit code. */
function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
}
