/**
 * The folder of the package: the nearest one above this file that has a package.json. How deep this
 * file lies below it is different in the sources and in a bundle.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The absolute path of the folder in which Holdfast's package.json lies. */
export const PACKAGE_FOLDER: string = packageFolder(import.meta.dirname);

function packageFolder(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) throw new Error(`no package.json in ${start} and the folders above it`);
  }
}
