/**
 * THIRD_PARTY_NOTICES.md: the packages that an installation of Holdfast brings, with their licences.
 * `npm run docs` writes it; a licence that is not listed here ends it with an error.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that ask for their text to be kept, and nothing else of who installs Holdfast. */
const ACCEPTED = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'Unlicense']);

/** Licences of packages whose package.json names none, as their texts say. */
const UNNAMED: Readonly<Record<string, string>> = { jspack: 'BSD-3-Clause' };

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A package that comes with Holdfast. */
export interface Notice {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly text: string;
}

/**
 * The packages of an installation, by name.
 *
 * @param root the folder of package-lock.json and node_modules
 * @throws Error for a licence that is not accepted
 */
export function notices(root: string): Notice[] {
  return Object.entries(lockedPackages(root))
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path, locked]) => noticeOf(root, path, locked))
    .sort(byName);
}

/**
 * The packages whose code is in the built console, by name: those that it imports, with what they
 * need. An installation does not bring them as packages.
 *
 * @param root the folder of package-lock.json, node_modules and console
 * @throws Error for a licence that is not accepted
 */
export function bundledNotices(root: string): Notice[] {
  const packages = lockedPackages(root);
  const found = new Map<string, LockedPackage>();
  const add = (name: string, from: string): void => {
    const path = placeOf(name, from, packages);
    const locked = path === undefined ? undefined : packages[path];
    if (path === undefined || locked === undefined || found.has(path)) return;
    found.set(path, locked);
    for (const needed of Object.keys(locked.dependencies ?? {})) add(needed, path);
  };
  for (const name of importedBy(join(root, 'console/src'))) add(name, '');
  return [...found].map(([path, locked]) => noticeOf(root, path, locked)).sort(byName);
}

function lockedPackages(root: string): Readonly<Record<string, LockedPackage>> {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  return lock.packages;
}

function noticeOf(root: string, path: string, { version, license }: LockedPackage): Notice {
  const name = path.replace(/^.*node_modules\//, '');
  const licence = license ?? UNNAMED[name] ?? 'none';
  if (!ACCEPTED.has(licence)) throw new Error(`${name} has the licence ${licence}, which is not accepted`);
  return { name, version, licence, text: licenceText(join(root, path)) };
}

function byName(a: Notice, b: Notice): number {
  return a.name + a.version < b.name + b.version ? -1 : 1;
}

/** The path of a package as Node finds it from another one: in its own folder, or in one above. */
function placeOf(
  name: string,
  from: string,
  packages: Readonly<Record<string, unknown>>,
): string | undefined {
  for (let folder = from; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (folder === '') return undefined;
  }
}

/** The names of the packages that the files of a folder import. Types of packages bring no code. */
function importedBy(folder: string): Set<string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Set(
    files
      .filter((file) => /\.tsx?$/.test(file))
      .flatMap((file) => [
        ...readFileSync(join(folder, file), 'utf8').matchAll(
          /(?:from|import) '((?:@[^/']+\/)?[^./'][^/']*)/g,
        ),
      ])
      .map(([, name = '']) => name),
  );
}

/** The text of the licence in a package's folder; empty when it has none. */
function licenceText(folder: string): string {
  if (!existsSync(folder)) return '';
  const file = readdirSync(folder).find((name) => /^licen[cs]e(\.(md|txt))?$/i.test(name));
  return file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
}

/** The page: a list of packages, then each text once with those that it is for. */
export function noticesPage(root: string): string {
  const [all, bundled] = [notices(root), bundledNotices(root)];
  const texts = new Map<string, Set<string>>();
  for (const { name, version, text } of [...all, ...bundled]) {
    if (text !== '') texts.set(text, (texts.get(text) ?? new Set()).add(`${name} ${version}`));
  }
  return `# Third-party notices

<!-- Made by \`npm run docs\` from package-lock.json and the packages. Do not edit. -->

An installation of Holdfast brings ${all.length} packages of others:

${listOf(all)}

The files of the console have code of ${bundled.length} more in them:

${listOf(bundled)}

## Texts of the licences

${[...texts].map(([text, names]) => `${[...names].join(', ')}:\n\n${indented(text)}`).join('\n\n')}
`;
}

function listOf(packages: readonly Notice[]): string {
  return packages.map(({ name, version, licence }) => `- ${name} ${version}: ${licence}`).join('\n');
}

function indented(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => (line.trim() === '' ? '' : `    ${line.trimEnd()}`))
    .join('\n');
}
