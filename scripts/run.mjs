/** `node scripts/run.mjs FILE [ARGUMENTS]`: runs a TypeScript program of this repository that needs the compiled server, Redis and Pushpin. */
import { resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { build, checkNode, installPackages, installServers, setUp } from './setup.mjs';

const [file] = process.argv.splice(2, 1);
if (file === undefined) {
  console.error('usage: node scripts/run.mjs FILE [ARGUMENTS]');
  process.exit(2);
}
setUp(checkNode, installPackages, installServers, build);

// Imported only now: it may have just been installed.
const { register } = await import('tsx/esm/api');
register();
process.argv[1] = resolve(file);
await import(pathToFileURL(process.argv[1]).href);
