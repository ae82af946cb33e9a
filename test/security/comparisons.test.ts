/**
 * Comparing secrets: in a time that says nothing about where they differ. Looked for in the source,
 * because a clock would not show it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const source = join(import.meta.dirname, '../../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }));

/** Names of secrets, and of values that are made of one. */
const SECRET = /(?:^|[.#])\w*(?:secret|token|password|passwd|credential|hmac|mac|signature|hash|apiKey)s?$/i;
/** Comparisons that a secret may take part in: presence and type. */
const NOTHING = /^(?:undefined|null|true|'\w*')$/;

function comparisons(text: string): string[] {
  return [...text.matchAll(/([\w.#?]+(?:\([^()]*\))?) (?:===|!==|==|!=) ([\w.#?'"]+)/g)]
    .filter(([, left = '', right = '']) => !NOTHING.test(right) && (SECRET.test(left) || SECRET.test(right)))
    .map(([whole]) => whole);
}

describe('the source', () => {
  it('the source compares no secret by === or !==', () => {
    const found = files.flatMap(({ name, text }) => comparisons(text).map((each) => `${name}: ${each}`));
    expect(found).toEqual([]);
  });

  it('would show one that does', () => {
    expect(comparisons('if (given === this.#secret) return')).toHaveLength(1);
    expect(comparisons('token !== settings.adminToken')).toHaveLength(1);
    expect(comparisons('if (a.hash === hash)')).toHaveLength(1);
    expect(comparisons('if (token === undefined)')).toEqual([]);
  });

  it('the source compares those that come from outside by timingSafeEqual, in the five places that have any', () => {
    const users = files.filter(({ text }) => text.includes('timingSafeEqual(')).map(({ name }) => name);
    expect(users.sort()).toEqual([
      'http/admin/credential.ts',
      'operators/fresh-records.ts',
      'operators/sign-in.ts',
      'subscribe/link.ts',
      'subscribe/stream-token.ts',
    ]);
  });
});
