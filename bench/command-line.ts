/** The processor time of commands that ask no server, next to that of Node alone. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { median } from './statistics.js';
import { table } from './table.js';

const MAIN = join(import.meta.dirname, '../dist/main.js');

/** What is started, by its name in the table. */
const COMMANDS = {
  'node -e 0': ['-e', '0'],
  'holdfast --version': [MAIN, '--version'],
  'holdfast --help': [MAIN, '--help'],
  'holdfast rollout --help': [MAIN, 'rollout', '--help'],
} as const;

/** Milliseconds of processor time of each command, one figure per round. */
export function measureCommandLine(rounds: number): Map<string, number[]> {
  const times = new Map<string, number[]>();
  // In turn, so that what else runs is the same for all.
  for (let round = 0; round < rounds; round++) {
    for (const [name, args] of Object.entries(COMMANDS)) {
      times.set(name, [...(times.get(name) ?? []), processorTime(args)]);
    }
  }
  return times;
}

/** The shell's own measurement of its child: user and system, seconds. */
function processorTime(args: readonly string[]): number {
  const script = 'TIMEFORMAT="%U %S"; time "$@" > /dev/null';
  const { stderr, status } = spawnSync('bash', ['-c', script, 'bash', process.execPath, ...args], {
    encoding: 'utf8',
  });
  const [user = NaN, system = NaN] = stderr.trim().split(/\s+/).slice(-2).map(Number);
  if (status !== 0 || Number.isNaN(user + system)) throw new Error(`cannot be measured: ${stderr}`);
  return (user + system) * 1000;
}

/** The table of processor times. */
export function commandLineReport(times: ReadonlyMap<string, readonly number[]>): string {
  const alone = median(times.get('node -e 0') ?? []);
  const rows = [...times].map(([name, all]) => [
    name,
    median(all).toFixed(0),
    `${(median(all) / alone).toFixed(2)} ×`,
  ]);
  return [
    '## Start of a command',
    '',
    table(['median', 'milliseconds of processor time', 'of Node alone'], rows),
  ].join('\n');
}
