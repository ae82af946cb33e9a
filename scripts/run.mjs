/**
 * `node scripts/run.mjs [--with PROGRAM] FILE [ARGUMENTS]`: runs a TypeScript program of this repository that needs the compiled server, Redis and
 * Pushpin, and perhaps one program more.
 */
import { resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { build, checkNode, installPackages, installServers, lookWhereServersAre, setUp } from './setup.mjs';

const others = process.argv[2] === '--with' ? process.argv.splice(2, 2).slice(1) : [];
const [file] = process.argv.splice(2, 1);
if (file === undefined) {
  console.error('usage: node scripts/run.mjs [--with PROGRAM] FILE [ARGUMENTS]');
  process.exit(2);
}
setUp(checkNode, installPackages, lookWhereServersAre, () => installServers(...others), build);

// Imported only now: it may have just been installed.
const { register } = await import('tsx/esm/api');
register();
process.argv[1] = resolve(file);
await import(pathToFileURL(process.argv[1]).href);
