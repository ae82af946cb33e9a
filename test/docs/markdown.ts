/** The documents of this repository, and what tests read from them. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** The text of a file, by its path from the root of the repository. */
export const read = (path: string) => readFileSync(join(root, path), 'utf8');

/**
 * The files of a folder and of all below it that end like that, with paths from the root of the
 * repository.
 */
export const find = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.includes('node_modules/'))
    .map((name) => join(folder, name))
    .sort();

/** The paths of all documents. */
export const documents = [
  // Texts of others are kept as they are.
  ...readdirSync(root).filter((name) => name.endsWith('.md') && name !== 'THIRD_PARTY_NOTICES.md'),
  ...['docs', 'edge', 'examples', 'test', 'bench', 'chaos', 'lab', 'observability', 'charts'].flatMap(
    (folder) => find(folder, '.md'),
  ),
];

/** A document without its code blocks. */
export function prose(text: string): string {
  return text.replace(/^ *```.*?^ *```/gms, '');
}

/** The anchors of headings, as GitHub makes them. */
export function slugs(text: string): string[] {
  return [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The part of a document below a heading of the second level, up to the next one. */
export function section(text: string, heading: string): string {
  const body = text.split(`\n## ${heading}\n`)[1];
  if (body === undefined) throw new Error(`there is no heading ${heading}`);
  return body.split(/^## /m)[0] ?? '';
}

/**
 * The cells of a section's tables, without their heads. Code marks and escapes are not part of the
 * text.
 */
export function table(text: string, heading: string): string[][] {
  return [...section(text, heading).matchAll(/^\|.*\n\|[ :|-]+\n((?:\|.*\n?)+)/gm)].flatMap(([, body = '']) =>
    body
      .trim()
      .split('\n')
      .map((line) =>
        line
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim().replaceAll('`', '').replace(/\\(.)/g, '$1')),
      ),
  );
}
