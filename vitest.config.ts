import { defineConfig } from 'vitest/config';
import { quick } from './test/support/runs.js';

/** Tests whose file name says that they start real servers. */
const WITH_SERVERS = ['test/**/*.{redis,pushpin}.test.ts'];
/** Tests that need the compiled server or the edge program built. */
const WITH_BUILDS = ['test/**/*.{dist,wasm}.test.ts'];

// Code first, several files at a time; then what needs builds; then what needs servers, one file at
// a time, because a small machine that runs several Pushpins makes every limit of time a matter of
// luck. `npm run test:unit` runs the first group alone.
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'code',
          include: ['test/**/*.test.ts'],
          exclude: [...WITH_SERVERS, ...WITH_BUILDS],
          maxWorkers: quick ? 4 : 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'builds', include: WITH_BUILDS, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: { name: 'servers', include: WITH_SERVERS, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
    environment: 'node',
    pool: 'forks',
    // Generous: a limit of time ends what hangs, and is not what a test measures.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    // On the shared machines of CI a process can stand still for seconds. A test that only passes
    // at its second try is printed as such.
    retry: process.env.CI === undefined ? 0 : 1,
    // A forgotten `.only` would leave the others out in silence.
    allowOnly: false,
  },
});
