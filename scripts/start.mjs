/** `npm start`: installs and compiles what is missing, then is the server, so that signals and the exit code are the server's own. */
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { build, checkNode, installPackages, root, setUp } from './setup.mjs';

setUp(checkNode, installPackages, build);

const main = join(root, 'dist/main.js');
// The server finds its own name and arguments as if it had been started directly.
process.argv[1] = main;
await import(pathToFileURL(main).href);
