/**
 * The runs that docs/streaming-miss.md has the figures of, each as the text or picture that stands
 * there.
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { chart } from './chart.js';
import { joinersTable, runTable } from './report.js';
import { run, type Run, type RunOptions } from './run.js';
import { withSetUps, type SetUpName } from './set-ups.js';
import { endedAt } from './summary.js';
import { PATH_OF_VARNISH } from './varnish.js';

/** Seconds into the streams; what the issue of a restart is does not depend on it. */
export const RESTART_AT = 3;
/** Seconds that are measured after the restart; the copies of (a) have expired by then. */
const AFTERWARDS = 30;
/** An earlier end of the same run, while the copies last. */
const EARLY = 25;
/** The three that are compared everywhere. */
export const COMPARED: readonly SetUpName[] = ['a', 'b', 'c'];

export interface Programme {
  /** The name of each block of the document → its text. */
  readonly blocks: ReadonlyMap<string, string>;
  readonly svg: string;
}

/** Takes about two and a half minutes. */
export async function runProgramme(signal: AbortSignal, tell: (text: string) => void): Promise<Programme> {
  const blocks = new Map([['machine', machine()]]);
  const keep = (name: string, text: string): void => {
    blocks.set(name, text);
    tell(`${name}\n${text}`);
  };
  const perform = (names: readonly SetUpName[], options: RunOptions): Promise<Run> =>
    withSetUps(names, (setUps) => run(setUps, options, signal));

  const clients = { naive: 10, EventSource: 10, 'back-off': 10 };
  const main = await perform([...COMPARED, 'a-aborted', 'b-literal'], {
    clients,
    seconds: RESTART_AT + AFTERWARDS,
    restartAt: RESTART_AT,
  });
  keep('main', runTable(main));
  const compared = main.results.filter(({ name }) => (COMPARED as readonly string[]).includes(name));
  keep('early', runTable(endedAt({ ...main, results: compared }, EARLY)));
  const crowd = await perform(COMPARED, {
    clients: { naive: 200 },
    seconds: RESTART_AT + AFTERWARDS,
    restartAt: RESTART_AT,
  });
  keep('crowd', runTable(crowd));
  const lifetimes = await perform(['a', 'a-10', 'a-ttl-2'], {
    clients: { naive: 5, EventSource: 5, 'back-off': 5 },
    seconds: 16,
    restartAt: RESTART_AT,
  });
  keep('lifetimes', runTable(lifetimes));
  const joiners = await perform(['a', 'a-10', 'a-ttl-2', 'c'], {
    clients: { naive: 1, 'late joiner': 2 },
    seconds: 28,
    every: 200,
    bytes: 1_000,
    oneKey: true,
  });
  keep('joiners', joinersTable(joiners));
  const hasty = await perform(['a'], { clients: { 'no pause': 1 }, seconds: 8, restartAt: RESTART_AT });
  keep('no-pause', runTable(hasty));
  return { blocks, svg: chart({ ...main, results: compared }) };
}

function machine(): string {
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return [
    `Measured on a machine with ${cpus().length} cores that all servers and clients share, load average ${load} before the run:`,
    `Node ${process.versions.node}, Varnish ${versionOf('varnishd', '-V')}, Pushpin ${versionOf('pushpin', '--version')}.`,
  ].join(' ');
}

/** Varnish says its version on stderr. */
function versionOf(command: string, flag: string): string {
  const output = execFileSync('sh', ['-c', `${command} ${flag} 2>&1`], {
    encoding: 'utf8',
    env: { ...process.env, PATH: PATH_OF_VARNISH },
  });
  return /\d+(?:\.\d+)+/.exec(output)?.[0] ?? 'unknown';
}
