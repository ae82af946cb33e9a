/** The version of this program. package.json is the one source, and every installation has it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_FOLDER } from './package-folder.js';

/** The version of Holdfast, such as `1.4.0`. */
export const VERSION: string = readVersion(join(PACKAGE_FOLDER, 'package.json'));

/** The name and version in `User-Agent` headers of requests that Holdfast sends. */
export const USER_AGENT = `holdfast/${VERSION}`;

function readVersion(file: string): string {
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
