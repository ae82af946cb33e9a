/** Single pages against the code that they describe. */
import { describe, expect, it } from 'vitest';
import { ALL_KINDS } from '../../chaos/kinds.js';
import { find, read, section, table } from './markdown.js';

describe('docs/guarantees.md', () => {
  it('backs each promise by a link to at least one test file', () => {
    const promises = section(read('docs/guarantees.md'), 'Promises').split(/^- /m).slice(1);
    expect(promises.length).toBeGreaterThan(30);
    expect(promises.filter((promise) => !/\(\.\.\/test\/[\w./-]+\.test\.ts\)/.test(promise))).toEqual([]);
  });

  it('docs/guarantees.md has the kinds of faults that the harness knows', () => {
    const kinds = table(read('docs/guarantees.md'), 'Kinds of faults').map(([kind]) => kind);
    expect(kinds).toEqual(ALL_KINDS);
  });
});

describe('docs/openfeature.md', () => {
  it.each(['server.ts', 'page.mjs'])(
    'docs/openfeature.md has the tested example %s word for word',
    (name) => {
      expect(read('docs/openfeature.md')).toContain(`\n${read(`examples/openfeature/${name}`)}\`\`\`\n`);
    },
  );
});

describe('docs/evaluation.md', () => {
  it.each(['Rows and properties', 'Operators', 'Weights', 'Values'])(
    'backs each choice of “%s” by a link to a test file',
    (heading) => {
      const choices = section(read('docs/evaluation.md'), heading).split(/^- /m).slice(1);
      expect(choices.length).toBeGreaterThan(5);
      expect(choices.filter((choice) => !/\(\.\.\/test\/[\w./-]+\.test\.ts\)/.test(choice))).toEqual([]);
    },
  );
});

describe('docs/decisions/README.md', () => {
  it('docs/decisions/README.md has the number, title, status and date of each record', () => {
    const index = read('docs/decisions/README.md').replace(/\n {2}/g, ' ');
    for (const path of find('docs/decisions', '.md').filter((name) => /\/\d{4}-/.test(name))) {
      const text = read(path);
      const [, number, title] = /^# (\d{4}): (.+)$/m.exec(text) ?? [];
      const [, by] = /^\*\*Superseded by \[(\d{4})\]/m.exec(text) ?? [];
      const status = by === undefined ? '(In force|In part replaced by \\d{4})' : `Superseded by ${by}`;
      const line = index.split('\n').find((each) => each.startsWith(`- [${number}](`));
      expect(line, `${path} has a line`).toContain(`(${path.split('/').at(-1)}): ${title}. _`);
      expect(line).toMatch(new RegExp(`_${status}, \\d{4}-\\d{2}-\\d{2}\\._$`));
    }
  });

  it('docs/decisions/README.md is in the order of numbers', () => {
    const numbers = [...read('docs/decisions/README.md').matchAll(/^- \[(\d{4})\]/gm)].map(
      ([, each]) => each,
    );
    expect(numbers).toEqual([...numbers].sort());
  });
});
