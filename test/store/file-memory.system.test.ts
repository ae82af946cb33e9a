/**
 * The memory of the file store: what it keeps beyond the rulesets is bounded by what it really
 * takes.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packAnswer, unpackAnswer } from '../../src/store/answer.js';
import { Feed } from '../../src/store/file/feed.js';
import { changeOf, flag, removeDirectory, temporaryDirectory } from './fixtures.js';

let directory: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

describe('the memory of a file store', () => {
  it('the memory of a file store does not grow with each import of the same 20,000 configs', () => {
    const script = join(import.meta.dirname, 'many-imports.ts');
    const args = ['--max-old-space-size=180', '--import', 'tsx', script, directory, '60'];
    const output = execFileSync(process.execPath, args, { encoding: 'utf8' });
    const outcome = JSON.parse(output) as Record<string, number | boolean>;
    expect(outcome).toMatchObject({ isRepeated: true, isOldestRepeated: true });
    expect(outcome.memory).toBeLessThan(180 * 1024 * 1024);
    expect(outcome.packed).toBeLessThan(Number(outcome.answer) / 4);
  }, 120_000);
});

describe('the entries of the feed in memory', () => {
  const changes = (feed: Feed, count: number, configs: number) => {
    for (let i = 1; i <= count; i++) {
      const change = changeOf(
        1n,
        BigInt(i),
        Array.from({ length: configs }, (_, k) => flag(BigInt(k), `k${k}`)),
      );
      feed.push(i, { position: `${i}`, kind: 'change', change });
    }
  };

  async function first(feed: Feed, from: string) {
    const { signal } = new AbortController();
    for await (const each of feed.follow(from, signal)) return each;
    return undefined;
  }

  it('the entries of the feed in memory are those of 32 MiB, counted as they are in memory', async () => {
    const feed = new Feed(0);
    changes(feed, 100, 1_000); // 53 MB, of which the encoded bytes are 3
    expect(await first(feed, '30')).toMatchObject({ kind: 'gap' });
    expect(await first(feed, '50')).toMatchObject({ kind: 'entries' });
  });

  it('the entries of the feed in memory include the newest one, however large it is', async () => {
    const feed = new Feed(0);
    changes(feed, 2, 80_000);
    expect(await first(feed, '1')).toMatchObject({ kind: 'entries', entries: [{ position: '2' }] });
    expect(await first(feed, '0')).toMatchObject({ kind: 'gap' });
  });
});

describe('an answer that is kept for repeats', () => {
  it.each(['', 'short', 'deflate:x', 'plain:x', 'deflate:'.repeat(500), `ü "\n${'x'.repeat(5_000)}`])(
    'an answer that is kept for repeats is unpacked as it was: %j',
    async (answer) => {
      expect(await unpackAnswer(await packAnswer(answer))).toBe(answer);
    },
  );
});
