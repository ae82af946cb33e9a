/** docs/client.md against the code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/client/machine.js';
import { checkOptions } from '../../src/client/options.js';
import { statusOf } from '../../src/client/status.js';

const root = join(import.meta.dirname, '../..');
const document = readFileSync(join(root, 'docs/client.md'), 'utf8');

/** The cells of the table below a heading, without its head and without code marks. */
function table(heading: string): string[][] {
  const [, section = ''] = document.split(`\n## ${heading}\n`);
  const lines = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

const options = checkOptions({ key: 'k', sources: ['http://a'] });

describe('docs/client.md', () => {
  it('docs/client.md has every option', () => {
    const source = readFileSync(join(root, 'src/client/options.ts'), 'utf8');
    const [, body = ''] = /export interface ClientOptions \{(.*?)\n\}/s.exec(source) ?? [];
    const names = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
    const documented = table('Options').map(([name = '']) => name.split('.')[0]);
    expect([...new Set(documented)].sort()).toEqual(names.sort());
  });

  it('docs/client.md has the defaults', () => {
    const { rules, readyTimeout } = options;
    const numbers: Record<string, unknown> = {
      timeout: rules.timeout,
      hedge: rules.hedge,
      poll: rules.poll,
      minConnection: rules.minConnection,
      idle: rules.idle,
      'backoff.first': rules.backoff.first,
      'backoff.most': rules.backoff.max,
      readyTimeout,
      staleAfter: rules.staleAfter,
    };
    const documented = table('Options').filter(([, value = '']) => /^\d+$/.test(value));
    expect(Object.fromEntries(documented.map(([name, value]) => [name, Number(value)]))).toEqual(numbers);
  });

  it('docs/client.md has every field of the status', () => {
    const { sources, ...status } = statusOf(new Machine([true], options.rules), options, 0);
    const fields = [...Object.keys(status), ...Object.keys(sources[0]!).map((name) => `sources[].${name}`)];
    const documented = table('Status').map(([field]) => field);
    expect(documented.sort()).toEqual(fields.sort());
  });
});
