import { defineConfig } from 'vitest/config';
import { quick } from './test/support/runs.js';

/** Tests whose file name says that they start real servers. */
const WITH_SERVERS = ['test/**/*.{redis,pushpin}.test.ts'];
/** Tests that need the compiled server or the edge program built. */
const WITH_BUILDS = ['test/**/*.{dist,wasm}.test.ts'];
/** Tests that need Linux: namespaces, small file systems, the memory of whole processes. */
const WITH_SYSTEM = ['test/**/*.system.test.ts'];
/** Tests that need helm, or the linters actionlint and hadolint: `npm run test:charts`. */
const WITH_TOOLS = ['test/**/*.{helm,tools}.test.ts'];
/** Tests that replace modules, which they may do only where modules are their own. */
const WITH_MOCKS = ['test/bucket/file-sleeper.test.ts'];

// Code first, several files at a time; then what needs builds or Linux; then what needs servers, one
// file at a time, because a small machine that runs several Pushpins makes every limit of time a
// matter of luck. `npm run test:unit` runs `code` and `mocks`, which need nothing but Node.
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'code',
          include: ['test/**/*.test.ts'],
          exclude: [...WITH_SERVERS, ...WITH_BUILDS, ...WITH_SYSTEM, ...WITH_MOCKS, ...WITH_TOOLS],
          // Half of the time is waiting, and a third was loading the same modules for each file.
          maxWorkers: quick ? 6 : 2,
          isolate: !quick,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'mocks', include: WITH_MOCKS, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: 'machine',
          include: [...WITH_BUILDS, ...WITH_SYSTEM],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'servers', include: WITH_SERVERS, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
      ...(process.env.HELM === undefined
        ? []
        : [{ extends: true as const, test: { name: 'charts', include: WITH_TOOLS } }]),
    ],
    environment: 'node',
    pool: 'forks',
    // Generous: a limit of time ends what hangs, and is not what a test measures.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    // On the shared machines of CI a process can stand still for seconds. A test that only passes
    // at its second try is printed as such. Hooks are not tried again: scripts/test.mjs runs the
    // few files that fail once more.
    retry: process.env.CI === undefined ? 0 : 1,
    // A forgotten `.only` would leave the others out in silence.
    allowOnly: false,
  },
});
