/**
 * docs/security.md against the code: what it names exists, and its numbers are those of the tests.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientVariables } from '../../src/config/client-variables.js';
import { helpText } from '../../src/config/help.js';
import { options } from '../../src/config/options.js';
import { FULL, TOTAL } from './cases.js';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/security.md'), 'utf8').replace(/\n(?=[^\n|#-])/g, ' ');

const rotation = readFileSync(join(root, 'docs/operations/rotate-secrets.md'), 'utf8');

describe('docs/security.md', () => {
  it('backs its claims by links to test files', () => {
    const linked = [...text.matchAll(/\(\.\.\/(test\/[\w./-]+\.test\.ts)\)/g)].map(([, file = '']) => file);
    expect(new Set(linked).size).toBeGreaterThan(10);
    expect(linked.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('docs/security.md has the number of random inputs of one run', () => {
    expect(text).toContain(`**${TOTAL.toLocaleString('en')} random inputs**`);
    const live = FULL['requests over HTTP'] + FULL['bytes on a socket'];
    expect(text).toContain(`${live.toLocaleString('en')} of them over HTTP and on bare sockets`);
  });

  it('leads to how to change each setting that is a secret', () => {
    const all: readonly { readonly name: string; readonly secret?: true }[] = [
      ...Object.values(options),
      ...Object.values(clientVariables),
    ];
    const secrets = all.filter(({ secret }) => secret === true).map(({ name }) => name);
    expect(secrets.length).toBeGreaterThan(11);
    expect(text).toContain('(operations/rotate-secrets.md)');
    // Each has a row in the table, which leads to a section that is there.
    const rows = rotation.split('\n').filter((line) => line.startsWith('|'));
    for (const name of secrets) {
      expect([name, helpText().includes(name)]).toEqual([name, true]);
      const row = rows.find((line) => line.includes(`\`${name}\``));
      expect([name, row]).toEqual([name, expect.stringMatching(/\]\(#[\w-]+\)/)]);
    }
  });
});
