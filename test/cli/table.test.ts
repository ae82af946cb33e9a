/** The table of commands against itself and against the help. */
import { describe, expect, it } from 'vitest';
import { flagOf } from '../../src/cli/declare.js';
import { commandTable, familySummaries } from '../../src/cli/table/index.js';
import { run } from './run.js';

const names = commandTable.map(({ name }) => name);

describe('the table of commands', () => {
  it('each command has a name of its own', () => {
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(names)('%s has examples that name it and options that it has', (name) => {
    const entry = commandTable.find((each) => each.name === name);
    const known = [
      ...Object.keys(entry?.options ?? {}).map(flagOf),
      ...(entry?.connections ?? []).map((connection) => `--${connection}`),
      ...(entry?.json === undefined ? [] : ['--json']),
    ];
    for (const { line } of entry?.examples ?? []) {
      expect(`${line} `).toContain(`${name} `);
      expect(line.match(/--[a-z-]+/g)?.filter((flag) => !known.includes(flag)) ?? []).toEqual([]);
    }
  });

  it.each(names)('%s shows its examples in its help, at most 80 characters wide', async (name) => {
    const { code, out } = await run([...name.split(' '), '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/^Examples:\n {2}holdfast /m);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('each word that others follow has a summary that names all of them', () => {
    const families = new Map<string, string[]>();
    for (const name of names) {
      const [family = '', word] = name.split(' ');
      if (word !== undefined && !names.includes(family)) {
        families.set(family, [...(families.get(family) ?? []), word]);
      }
    }
    expect(Object.keys(familySummaries).sort()).toEqual([...families.keys()].sort());
    for (const [family, words] of families) {
      for (const word of words) expect(familySummaries[family]).toContain(word);
    }
  });
});
