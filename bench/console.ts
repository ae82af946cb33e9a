/**
 * The console's cost: of an open delivery page at a node, and of the first paint of the list of
 * flags while the node holds streams. `npx tsx bench/console.ts [--quick]`, after `npm run build`.
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { launchChromium } from '../test/support/chromium.js';
import { flag } from '../test/support/configs.js';
import { startStack, type Stack } from '../test/support/stack.js';
import { measurePaints } from './console-paint.js';
import { measureWatchers } from './console-watchers.js';
import { figure } from './table.js';

/** Flags of the environments 1 and 2. */
const SIZES = [1_000, 20_000];
const COLLECTS_GARBAGE = { NODE_OPTIONS: `--import=${new URL('gc-on-signal.mjs', import.meta.url).href}` };

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const stack = await startStack({ nodes: 1, env: COLLECTS_GARBAGE });
const browser = await launchChromium();
try {
  print(machine());
  await fill(stack);
  const look = options.quick ? { rounds: 2, milliseconds: 10_000 } : { rounds: 5, milliseconds: 20_000 };
  print(await measureWatchers(stack, browser, look));
  print(await measurePaints(stack, browser, { sizes: SIZES, paints: options.quick ? 5 : 15 }));
} finally {
  await browser.close();
  await stack.stop();
}

async function fill(stack: Stack): Promise<void> {
  for (const [at, size] of SIZES.entries()) {
    await stack.createEnvironment(at + 1);
    for (let first = 0; first < size; first += 1_000) {
      const configs = Array.from({ length: 1_000 }, (_, i) =>
        flag(`team-${(first + i) % 40}.flag-${first + i}`, i % 2 === 0),
      );
      await stack.commit(at + 1, configs);
    }
  }
}

function machine(): string {
  const version = (command: string): string =>
    /\d+(?:\.\d+)+/.exec(execFileSync(command, ['--version'], { encoding: 'utf8' }))?.[0] ?? 'unknown';
  return [
    `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), load ${figure(loadavg()[0] ?? 0)} before the run,`,
    `Node ${process.versions.node}, Chromium ${version('chromium')}, Pushpin ${version('pushpin')}.`,
  ].join(' ');
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`);
}
