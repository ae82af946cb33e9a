/** The documents against the code: what they name exists, and their tables say what the code says. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALL_KINDS } from '../chaos/kinds.js';
import { runCli } from '../src/cli/program.js';
import { CHANGE_MAX_BYTES } from '../src/commit/limits.js';
import { helpText } from '../src/config/help.js';
import type { ErrorCode } from '../src/core/errors.js';
import { httpStatusOf } from '../src/http/errors.js';
import { REPORT_MAX_BYTES } from '../src/http/telemetry.js';
import { CONTEXTS_MAX, PROPERTIES_MAX } from '../src/prefab/contexts.js';
import { EVENT_MAX_BYTES, EVENT_TARGET_BYTES, MESSAGE_MAX_BYTES } from '../src/ruleset/event.js';
import { MAX_DEPTH } from '../src/ruleset/fields.js';
import { KEY_MAX_BYTES } from '../src/ruleset/validate.js';
import { ADMIN_TOKEN, startApp } from './support/app.js';
import { startCopyServer } from './support/copies.js';
import { routesOf } from './support/routes.js';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
/** The files of a folder and of all below it, with a path from the root of the repository. */
const find = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith(ending))
    .sort();

const documents = [...readdirSync(root).filter((name) => name.endsWith('.md')), ...find('docs', '.md')];
const protocol = read('docs/protocol.md');
const readme = read('README.md');

/** A document without what stands in code blocks. */
function prose(text: string): string {
  return text.replace(/^```.*?^```/gms, '');
}

/** The anchors of headings, as GitHub makes them. */
function slugs(text: string): string[] {
  return [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The part of a document below a heading, up to the next one. */
function section(text: string, heading: string): string {
  const body = text.split(`\n## ${heading}\n`)[1];
  if (body === undefined) throw new Error(`there is no heading ${heading}`);
  return body.split(/^## /m)[0] ?? '';
}

/** The cells of a section's table, without its head. Code marks and escapes are not part of the text. */
function table(text: string, heading: string): string[][] {
  const lines = section(text, heading)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('`', '').replace(/\\(.)/g, '$1')),
  );
}

/** Code marks of a document that are paths of this repository. */
function namedFiles(text: string): string[] {
  const folders = 'src|test|docs|scripts|pushpin|bench|examples|\\.ci';
  const paths = new RegExp(`^((${folders})/[\\w./-]*|[\\w.-]+\\.(md|yml|json|ts|js)|Dockerfile|LICENSE)$`);
  return [...prose(text).matchAll(/`([^`\n]+)`/g)]
    .map(([, code = '']) => code)
    .filter((code) => paths.test(code));
}

/** What is wrong in each document, behind the document's name. */
function wrong(look: (text: string, name: string) => string[]): string[] {
  return documents.flatMap((name) => look(read(name), name).map((problem) => `${name}: ${problem}`));
}

function links(text: string): string[] {
  return [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** Whether a link of that document has a target. What is outside of the repository is not looked at. */
function leadsSomewhere(target: string, name: string): boolean {
  if (/^https?:/.test(target)) return true;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? name : normalize(join(dirname(name), path));
  return existsSync(join(root, file)) && (anchor === undefined || slugs(read(file)).includes(anchor));
}

describe('the documents', () => {
  it('link only to files and headings that exist', () => {
    expect(wrong((text, name) => links(text).filter((target) => !leadsSomewhere(target, name)))).toEqual([]);
  });

  it('name only files that exist', () => {
    expect(wrong((text) => namedFiles(text).filter((path) => !existsSync(join(root, path))))).toEqual([]);
  });

  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = (text: string) =>
      [...text.matchAll(/npm (?:run ([\w:]+)|(start|test))/g)].map(([, name, short]) => name ?? short ?? '');
    expect(wrong((text) => named(text).filter((script) => !(script in scripts)))).toEqual([]);
  });
});

describe('the code', () => {
  it('cites only headings that the protocol has', () => {
    const known = slugs(protocol);
    const dead = [...find('src', '.ts'), ...find('test', '.ts')].flatMap((file) =>
      [...read(file).matchAll(/\[protocol\] #([\w-]+)/g)]
        .filter(([, slug = '']) => !known.includes(slug))
        .map(([citation]) => `${file}: ${citation}`),
    );
    expect(dead).toEqual([]);
  });
});

describe('README.md', () => {
  it('has the settings of holdfast --help, word for word', () => {
    // Wide enough for each setting to have one line: name, default, meaning.
    const settings = [...helpText(10_000).matchAll(/^ {2}(\S+) +(\S+) +(.+)$/gm)].map((match) =>
      match.slice(1),
    );
    expect(settings.length).toBeGreaterThan(10);
    expect(table(readme, 'Settings')).toEqual(settings);
  });

  it('has the commands of holdfast --help', async () => {
    let help = '';
    const output = { write: (text: string) => (help += text) };
    const serve = () => Promise.resolve();
    await runCli({ argv: ['--help'], env: {}, stdout: output, stderr: output, serve });
    const [, list = ''] = /^Commands:\n(.*?)\n\n/ms.exec(help) ?? [];
    const commands = [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name);
    const documented = [...readme.matchAll(/^\| `holdfast ([a-z]+)/gm)].map(([, name]) => name);
    expect(documented.sort()).toEqual(commands.filter((name) => name !== 'help').sort());
  });

  it('backs each promise by tests that exist under that name', () => {
    const promises = table(readme, 'What it guarantees');
    expect(promises.length).toBeGreaterThan(10);
    expect(promises.filter(([, backing]) => !isBacked(backing))).toEqual([]);
  });
});

describe('docs/guarantees.md', () => {
  it('backs each promise by tests that exist under that name', () => {
    const promises = table(read('docs/guarantees.md'), 'Promises');
    expect(promises.length).toBeGreaterThan(10);
    expect(promises.filter((cells) => !isBacked(cells.at(-1)))).toEqual([]);
  });

  it('has the kinds of faults that the harness knows', () => {
    const kinds = table(read('docs/guarantees.md'), 'Kinds of faults').map(([kind]) => kind);
    expect(kinds).toEqual(ALL_KINDS);
  });
});

describe('docs/openfeature.md', () => {
  it('has the examples that are tested, word for word', () => {
    const text = read('docs/openfeature.md');
    for (const name of ['server.ts', 'page.mjs']) {
      expect(text).toContain(`\n${read(`examples/openfeature/${name}`)}\`\`\`\n`);
    }
  });
});

describe('docs/evaluation.md', () => {
  it.each(['Rows and properties', 'Operators', 'Weights', 'Values'])(
    'backs each choice of “%s” by tests that exist under that name',
    (heading) => {
      const choices = table(read('docs/evaluation.md'), heading);
      expect(choices.length).toBeGreaterThan(5);
      expect(choices.filter((cells) => !isBacked(cells.at(-1)))).toEqual([]);
    },
  );
});

/** Whether tests are named, each as a file and titles in “quotes”, and all of them exist. */
function isBacked(backing = ''): boolean {
  const files = [...backing.matchAll(/(test\/[\w./-]+\.test\.ts):((?: “[^”]+”,?)+)/g)];
  return files.length > 0 && files.every(([, file = '', titles = '']) => hasTests(file, titles));
}

/** Whether a file has tests of these titles, each in “quotes”; the beginning or a part of a title is enough. */
function hasTests(file: string, titles: string): boolean {
  if (!existsSync(join(root, file))) return false;
  const known = testTitles(file);
  return [...titles.matchAll(/“([^”]+)”/g)].every(([, title = '']) =>
    known.some((each) => each.includes(title)),
  );
}

/** The text of each `it(…)` in a test file; for a store, those of the contract that it runs too. */
function testTitles(file: string): string[] {
  const text = read(file) + (file.startsWith('test/store/') ? read('test/store/contract.ts') : '');
  return [...text.matchAll(/\bit(?:\.each\([^]*?\))?\(\s*(['"`])(.+?)\1/g)].map(([, , title = '']) => title);
}

describe('docs/protocol.md', () => {
  it('has every error code, with its status', () => {
    const codes = [...read('src/core/errors.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(
      ([, code]) => code as ErrorCode,
    );
    expect(codes.length).toBeGreaterThan(20);
    const documented = table(protocol, 'Errors').map(([code, status]) => `${code} ${status}`);
    expect(documented.sort()).toEqual(codes.map((code) => `${code} ${httpStatusOf(code)}`).sort());
  });

  it('has every metric, with its type', async () => {
    const app = await startApp();
    const text = await (await fetch(`${app.url}/metrics`)).text();
    await app.close();
    const exported = [...text.matchAll(/^# TYPE (holdfast_\w+) (\w+)$/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    const documented = table(protocol, 'Metrics').map(([name, type]) => `${name} ${type}`);
    expect(documented.sort()).toEqual(exported.sort());
  });

  it('has every metric that only a belt server has, with its type', async () => {
    const server = await startCopyServer({ sources: [] });
    const text = await (await fetch(`${server.url}/metrics`)).text();
    await server.close();
    const exported = [...text.matchAll(/^# TYPE (holdfast_\w+) (\w+)$/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    const documented = table(protocol, 'Belt server').map(([name, type]) => `${name} ${type}`);
    const shared = [
      'holdfast_evaluations_undecided_total counter',
      'holdfast_http_requests_total counter',
      'holdfast_proxied_internal_requests_total counter',
    ];
    expect([...documented, ...shared].sort()).toEqual(exported.sort());
  });

  it('has every route', async () => {
    const app = await startApp();
    const routes = routesOf(app.app);
    await app.close();
    const documented = table(protocol, 'Routes').map(([, path]) => path);
    expect(documented.sort()).toEqual(routes.sort());
  });

  it('has the methods that each route takes', async () => {
    const app = await startApp();
    try {
      for (const [methods, path = ''] of table(protocol, 'Routes')) {
        // The answer to a method that no route takes lists those that this one does.
        const answer = await fetch(app.url + path, {
          method: 'PATCH',
          headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        });
        expect({ path, methods: answer.headers.get('allow') }).toEqual({ path, methods });
      }
    } finally {
      await app.close();
    }
  });

  it('has the limits that the code has', () => {
    const numbers = table(protocol, 'Limits').map(([, value = '']) => Number(value.replaceAll(',', '')));
    for (const limit of [
      CHANGE_MAX_BYTES,
      MESSAGE_MAX_BYTES,
      EVENT_TARGET_BYTES,
      EVENT_MAX_BYTES,
      KEY_MAX_BYTES,
      MAX_DEPTH,
      REPORT_MAX_BYTES,
      CONTEXTS_MAX,
      PROPERTIES_MAX,
    ]) {
      expect(numbers).toContain(limit);
    }
  });
});
