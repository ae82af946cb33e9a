/**
 * docs/security.md against the code: what it names exists, and its numbers are those of the tests.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { helpText } from '../../src/config/help.js';
import { FULL, TOTAL } from './cases.js';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/security.md'), 'utf8').replace(/\n(?=[^\n|#-])/g, ' ');

describe('docs/security.md', () => {
  it('names only tests that exist under those titles', () => {
    const citations = [...text.matchAll(/`(test\/[\w./-]+\.test\.ts)`:((?: “[^”]+”(?: \(.*?\))?,?)+)/g)];
    expect(citations.length).toBeGreaterThan(15);
    const dead = citations.flatMap(([, file = '', titles = '']) => {
      const source = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '';
      const known = source.replaceAll("\\'", "'");
      return [...titles.matchAll(/“([^”]+)”/g)]
        .map(([, title = '']) => title.replace(/\s+/g, ' '))
        .filter((title) => !known.includes(title))
        .map((title) => `${file}: ${title}`);
    });
    expect(dead).toEqual([]);
    // Every title in quotes is part of such a citation, but for the one that stands apart.
    const cited = citations.flatMap(([, , titles = '']) => [...titles.matchAll(/“[^”]+”/g)]).length;
    expect([...text.matchAll(/“[^”]+”/g)]).toHaveLength(cited + 1);
  });

  it('has the number of random inputs of one run', () => {
    expect(text).toContain(`**${TOTAL.toLocaleString('en')} random inputs**`);
    const live = FULL['requests over HTTP'] + FULL['bytes on a socket'];
    expect(text).toContain(`${live.toLocaleString('en')} of them over HTTP and on bare sockets`);
  });

  it('says how to change each setting that is a secret', () => {
    const secrets = [
      'HOLDFAST_ADMIN_TOKEN',
      'HOLDFAST_SECRET',
      'GRIP_VERIFY_KEY',
      'GRIP_URL',
      'HOLDFAST_STORE',
    ];
    for (const name of secrets) {
      expect(helpText()).toContain(name);
      expect(text.split('\n## Changing a secret')[1]?.split('\n## ')[0]).toContain(name);
    }
  });
});
