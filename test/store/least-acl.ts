/**
 * Reads the least permissions of the store's user out of docs/how-to/redis.md, so that the text is
 * what is tested.
 */
import { readFileSync } from 'node:fs';

/** The rules of `ACL SETUSER`, without user and password. */
export function leastAcl(): string[] {
  const text = readFileSync(new URL('../../docs/how-to/redis.md', import.meta.url), 'utf8');
  const [, rules] = /ACL SETUSER holdfast on >\S+ ((?:[^\n]*\\\n)*[^\n]*)/.exec(text) ?? [];
  if (rules === undefined) throw new Error('docs/how-to/redis.md has no ACL SETUSER line');
  return rules.replaceAll('\\\n', ' ').trim().split(/\s+/);
}
