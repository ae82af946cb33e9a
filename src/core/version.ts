/**
 * The version of this program. package.json is the one source: it lies two folders up from here and
 * from the compiled file alike, and every installation has it.
 */
import { readFileSync } from 'node:fs';

/** The version of Holdfast, such as `1.4.0`. */
export const VERSION: string = readVersion(new URL('../../package.json', import.meta.url));

/** The name and version in `User-Agent` headers of requests that Holdfast sends. */
export const USER_AGENT = `holdfast/${VERSION}`;

function readVersion(file: URL): string {
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
