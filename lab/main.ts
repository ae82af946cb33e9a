/**
 * `npm run lab -- [--only a,c] [--clients N] [--kinds KIND,KIND] [--seconds S]`: streaming miss,
 * streaming miss with the published workaround, and Holdfast behind Pushpin, with the same clients
 * and the same restart of the origin, side by side. Prints a table.
 *
 * `npm run lab -- --write` makes all runs of docs/streaming-miss.md and puts their figures there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { CLIENT_KINDS, type ClientKind } from './clients.js';
import { withBlocks } from './document.js';
import { COMPARED, RESTART_AT, runProgramme } from './programme.js';
import { runTable } from './report.js';
import { run } from './run.js';
import { isSetUpName, SET_UPS, withSetUps, type SetUpName } from './set-ups.js';

const DOCUMENT = join(import.meta.dirname, '../docs/streaming-miss.md');
const PICTURE = join(import.meta.dirname, '../docs/streaming-miss.svg');

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: COMPARED.join(',') },
    clients: { type: 'string', default: '10' },
    kinds: { type: 'string', default: 'naive,EventSource,back-off' },
    seconds: { type: 'string', default: '33' },
    write: { type: 'boolean', default: false },
  },
});

// The first signal ends the run in order; a second signal ends everything at once.
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());

try {
  await (values.write ? writeDocument() : runOnce());
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
  process.exitCode = 130;
}

async function runOnce(): Promise<void> {
  const names = values.only.split(',').map(setUpNamed);
  const count = wholeNumber('clients', values.clients);
  const clients = Object.fromEntries(values.kinds.split(',').map((kind) => [kindNamed(kind), count]));
  const seconds = wholeNumber('seconds', values.seconds);
  const options = { clients, seconds, restartAt: RESTART_AT };
  print(runTable(await withSetUps(names, (setUps) => run(setUps, options, interrupted.signal))));
}

async function writeDocument(): Promise<void> {
  const { blocks, svg } = await runProgramme(interrupted.signal, (text) => print(`${text}\n`));
  const text = withBlocks(readFileSync(DOCUMENT, 'utf8'), blocks);
  writeFileSync(DOCUMENT, await format(text, { ...(await resolveConfig(DOCUMENT)), filepath: DOCUMENT }));
  writeFileSync(PICTURE, svg);
}

function setUpNamed(name: string): SetUpName {
  if (isSetUpName(name)) return name;
  throw new Error(`--only takes some of ${Object.keys(SET_UPS).join(', ')}, not ${name}`);
}

function kindNamed(name: string): ClientKind {
  const kind = CLIENT_KINDS.find((each) => each === name);
  if (kind === undefined) throw new Error(`--kinds takes some of ${CLIENT_KINDS.join(', ')}, not ${name}`);
  return kind;
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${option} must be a whole number above 0, not ${text}`);
  return Number(text);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
