/** The form of the documents, and everything in them that names a file, a heading or a script. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, find, prose, read, root, slugs } from './markdown.js';

/** The characters of a line, at most. */
const LINE_MAX = 200;
const README_LINE_MAX = 160;
/** The bytes of README.md, at most. */
const README_MAX_BYTES = 9 * 1024;

/** The problems of each document, after its name. */
function problems(look: (text: string, name: string) => string[]): string[] {
  return documents.flatMap((name) => look(read(name), name).map((problem) => `${name}: ${problem}`));
}

/** Code marks of a document that are paths of this repository. */
function namedFiles(text: string): string[] {
  const folders = 'src|test|docs|scripts|pushpin|bench|chaos|lab|edge|examples|observability|charts|\\.ci';
  const paths = new RegExp(
    `^((${folders})/[\\w./-]*|[\\w-][\\w.-]*\\.(md|yml|json|ts|js)|Dockerfile|LICENSE)$`,
  );
  return [...prose(text).matchAll(/`([^`\n]+)`/g)]
    .map(([, code = '']) => code)
    .filter((code) => paths.test(code));
}

function links(text: string): string[] {
  return [...prose(text).matchAll(/\]\(\s*([^)\s]+)\s*\)/g)].map(([, target = '']) => target);
}

/** True when a link of that document has a target. Links out of the repository are not followed. */
function leadsSomewhere(target: string, name: string): boolean {
  if (/^https?:/.test(target)) return true;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? name : normalize(join(dirname(name), path));
  return existsSync(join(root, file)) && (anchor === undefined || slugs(read(file)).includes(anchor));
}

describe('documents', () => {
  it('link only to files and headings that exist', () => {
    expect(problems((text, name) => links(text).filter((target) => !leadsSomewhere(target, name)))).toEqual(
      [],
    );
  });

  it('documents name only files that exist', () => {
    const missing = (path: string, name: string) =>
      // Built, so absent in a fresh clone.
      !path.startsWith('edge/bin/') &&
      !existsSync(join(root, path)) &&
      !existsSync(join(root, dirname(name), path));
    // Records of decisions keep the paths of their day where a file is gone.
    expect(
      problems((text, name) =>
        name.startsWith('docs/decisions/0') ? [] : namedFiles(text).filter((path) => missing(path, name)),
      ),
    ).toEqual([]);
  });

  it('documents name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = (text: string) =>
      [...text.matchAll(/npm (?:run ([\w:]+)|(start|test))/g)].map(([, name, short]) => name ?? short ?? '');
    expect(problems((text) => named(text).filter((script) => !(script in scripts)))).toEqual([]);
  });

  it('documents have no line that is too long to read', () => {
    const long = (text: string, name: string) =>
      text
        .split('\n')
        .map((line, i) => [i + 1, line.length] as const)
        .filter(([, length]) => length > (name === 'README.md' ? README_LINE_MAX : LINE_MAX))
        .map(([line, length]) => `line ${line} has ${length} characters`);
    expect(problems(long)).toEqual([]);
  });

  it('documents are all linked from the index, README.md or the index of decisions', () => {
    const indexes = ['README.md', 'docs/README.md', 'docs/decisions/README.md'];
    const linked = indexes.flatMap((index) =>
      links(read(index)).map((target) => normalize(join(dirname(index), target.split('#')[0] ?? ''))),
    );
    const lost = find('docs', '.md').filter((name) => !linked.includes(name) && name !== 'docs/README.md');
    expect(lost).toEqual([]);
  });
});

describe('README.md', () => {
  it('README.md is short enough to be read in one go', () => {
    expect(Buffer.byteLength(read('README.md'))).toBeLessThanOrEqual(README_MAX_BYTES);
  });
});

describe('code', () => {
  it.each([
    ['protocol', 'docs/protocol.md'],
    ['flag-file', 'docs/reference/flag-file.md'],
  ])('cites only headings that the page has: [%s]', (name, page) => {
    const known = slugs(read(page));
    // A comment may wrap between the two parts.
    const form = new RegExp(`\\[${name}\\](?:\\s|\\*)*#([\\w-]+)`, 'g');
    const citations = [...find('src', '.ts'), ...find('test', '.ts')].flatMap((file) =>
      [...read(file).matchAll(form)].map(([citation, slug = '']) => ({
        slug,
        place: `${file}: ${citation}`,
      })),
    );
    expect(citations).not.toEqual([]);
    expect(citations.filter(({ slug }) => !known.includes(slug)).map(({ place }) => place)).toEqual([]);
  });

  it('names only documents that exist', () => {
    const code = ['src', 'test', 'bench', 'chaos', 'lab'].flatMap((folder) => find(folder, '.ts'));
    const dead = code.flatMap((file) =>
      [...read(file).matchAll(/(?<![\w/])docs\/(?!resources|data-sources)[\w/-]+\.md/g)]
        .filter(([path]) => !existsSync(join(root, path)))
        .map(([path]) => `${file}: ${path}`),
    );
    expect(dead).toEqual([]);
  });
});
