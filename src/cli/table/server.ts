/** The commands that run a process or work on its input. */
import { defaultOption, defineCommand, switchOption, textOption } from '../command.js';

/** Declares the commands that run a process or work on its input. */
export const serverCommands = [
  defineCommand({
    name: 'serve',
    group: 'Server',
    summary: 'run the server (the default)',
    details: 'Its settings are variables: holdfast help settings lists them.',
    examples: [
      { line: 'serve', does: 'serves on port 8080 from ./data' },
      { line: 'serve --source s3://flags/copies', does: 'serves the copies in a bucket, without a store' },
    ],
    options: { source: textOption('<urls>', 'serve copies alone, from there (HOLDFAST_SOURCE)') },
    run: ({ processes }, _arguments, { source }) => processes.serve(source),
  }),
  defineCommand({
    name: 'status',
    group: 'Server',
    summary: 'say how a server is: ready or not, its store, proxies, holds',
    details: 'From /readyz and /metrics. The exit code is 1 when it is not ready.',
    examples: [
      { line: 'status', does: 'says it once' },
      { line: 'status --watch --every 2', does: 'says it every 2 seconds, until Ctrl-C' },
    ],
    options: {
      watch: switchOption('go on until Ctrl-C'),
      every: defaultOption('<seconds>', '1', 'the time between two looks with --watch'),
    },
    connections: ['url'],
    json: 'a line for each look: {"readiness", "metrics"}, as /readyz and /metrics have them',
    run: async (context, _arguments, { watch, every }) => {
      const { printStatus } = await import('../commands/status.js');
      await printStatus(context, { watch: watch === true, every });
    },
  }),
  defineCommand({
    name: 'health',
    group: 'Server',
    summary: 'check the server of this container or machine: one line and an exit code',
    details:
      'Asks /livez at HOLDFAST_ADMIN_PORT or PORT of this environment, or at --url. The exit code is 1 when it does not answer. A check that restarts must not ask for --ready: a server that waits for its store would be restarted for it.',
    examples: [
      { line: 'health', does: 'asks whether the server of this container lives' },
      { line: 'health --ready', does: 'asks whether it may get traffic, and prints why not' },
    ],
    options: {
      ready: switchOption('ask /readyz: may it get traffic'),
      url: textOption('<url>', 'the server; default: the one that these settings are of'),
      timeout: defaultOption('<seconds>', '4', 'the time for the answer'),
    },
    connections: [],
    json: '{"url", "healthy", "state"}, only when it is well',
    run: async (context, _arguments, { ready, timeout, url }) => {
      const { printHealth } = await import('../commands/health.js');
      await printHealth(context, { url, ready: ready === true, timeout });
    },
  }),
  defineCommand({
    name: 'fleet',
    group: 'Server',
    summary: 'show where the clients of an environment stand, by key and proxy',
    details:
      'Each connection at a proxy comes back within HOLDFAST_STALENESS and says where it stands. Versions are exact; numbers are at least so many, because a proxy asks once for many.',
    examples: [
      { line: 'fleet', does: 'shows it once' },
      { line: 'fleet --watch --every 5', does: 'shows it every 5 seconds, until Ctrl-C' },
    ],
    options: {
      watch: switchOption('go on until Ctrl-C'),
      every: defaultOption('<seconds>', '2', 'the time between two looks with --watch'),
    },
    connections: ['url', 'token', 'environment'],
    json: 'for each look {"version", "stalenessSeconds", "holds", "entries", "truncated"}, as GET …/fleet has it',
    run: async (context, _arguments, { watch, every }) => {
      const { showFleet } = await import('../commands/fleet.js');
      await showFleet(context, { watch: watch === true, every });
    },
  }),
  defineCommand({
    name: 'size',
    group: 'Server',
    summary: 'compute nodes, proxies, memory and settings for a load',
    details: 'From costs that were measured (docs/operations/sizing.md). Needs no server.',
    examples: [
      {
        line: 'size --clients 50000',
        does: 'computes for 50,000 clients of 1,000 flags, 6 changes a minute',
      },
      { line: 'size --flags 20000 --clients 200000 --changes 30', does: 'computes for a large installation' },
    ],
    options: {
      flags: defaultOption('<n>', '1000', 'flags of all environments together'),
      clients: defaultOption('<n>', '1000', 'connections that are open at a time'),
      changes: defaultOption('<n>', '6', 'changes a minute in the busiest hour'),
    },
    json: '{"load", "pushpins", "holdsPerPushpin", "pushpinMemory", "nodes", "nodeMemory", "settings", "costs"}',
    run: async (context, _arguments, options) => {
      const { printSize } = await import('../commands/size.js');
      printSize(context, options);
    },
  }),
  defineCommand({
    name: 'rejected list',
    group: 'Server',
    summary: 'list the oldest rejected inbox events with the reason of each',
    examples: [{ line: 'rejected list --count 10', does: 'shows the ten oldest' }],
    options: { count: defaultOption('<n>', '50', 'list at most so many, up to 200') },
    connections: ['url', 'token'],
    json: '{"total", "events": [{"id", "at", "error", "fields"}]}',
    run: async (context, _arguments, { count }) => {
      const { listRejected } = await import('../commands/rejected.js');
      await listRejected(context, count);
    },
  }),
  defineCommand({
    name: 'rejected retry',
    group: 'Server',
    summary: 'put a rejected event back into the inbox, as it was',
    examples: [{ line: 'rejected retry 1763726400000-0', does: 'tries the event once more' }],
    arguments: ['<id>'],
    connections: ['url', 'token'],
    json: '{"id", "event"}',
    run: async (context, [id]) => {
      const { retryRejected } = await import('../commands/rejected.js');
      await retryRejected(context, id);
    },
  }),
  defineCommand({
    name: 'rejected drop',
    group: 'Server',
    summary: 'remove a rejected event for good',
    examples: [{ line: 'rejected drop 1763726400000-0', does: 'removes the event' }],
    arguments: ['<id>'],
    connections: ['url', 'token'],
    json: '{"id"}',
    run: async (context, [id]) => {
      const { dropRejected } = await import('../commands/rejected.js');
      await dropRejected(context, id);
    },
  }),
];
