/**
 * THIRD_PARTY_NOTICES.md: the packages that an installation of Holdfast brings, with their licences.
 * `npm run docs` writes it; a licence that is not listed here ends it with an error.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that ask for their text to be kept, and nothing else of who installs Holdfast. */
const ACCEPTED = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD']);

/** Licences of packages whose package.json names none, as their texts say. */
const UNNAMED: Readonly<Record<string, string>> = { jspack: 'BSD-3-Clause' };

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
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
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path, { version, license }]) => {
      const name = path.replace(/^.*node_modules\//, '');
      const licence = license ?? UNNAMED[name] ?? 'none';
      if (!ACCEPTED.has(licence))
        throw new Error(`${name} has the licence ${licence}, which is not accepted`);
      return { name, version, licence, text: licenceText(join(root, path)) };
    })
    .sort((a, b) => (a.name + a.version < b.name + b.version ? -1 : 1));
}

/** The text of the licence in a package's folder; empty when it has none. */
function licenceText(folder: string): string {
  if (!existsSync(folder)) return '';
  const file = readdirSync(folder).find((name) => /^licen[cs]e(\.(md|txt))?$/i.test(name));
  return file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
}

/** The page: a list of packages, then each text once with those that it is for. */
export function noticesPage(root: string): string {
  const all = notices(root);
  const texts = new Map<string, string[]>();
  for (const { name, version, text } of all) {
    if (text !== '') texts.set(text, [...(texts.get(text) ?? []), `${name} ${version}`]);
  }
  return `# Third-party notices

<!-- Made by \`npm run docs\` from package-lock.json and the packages. Do not edit. -->

An installation of Holdfast brings ${all.length} packages of others:

${all.map(({ name, version, licence }) => `- ${name} ${version}: ${licence}`).join('\n')}

## Texts of the licences

${[...texts].map(([text, names]) => `${names.join(', ')}:\n\n${indented(text)}`).join('\n\n')}
`;
}

function indented(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => (line.trim() === '' ? '' : `    ${line.trimEnd()}`))
    .join('\n');
}
