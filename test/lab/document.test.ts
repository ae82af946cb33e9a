/** Putting the figures of a run into a document. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withBlocks } from '../../lab/document.js';

const DOCUMENT = 'Before.\n\n<!-- lab:main -->\n\nold\n\n<!-- /lab:main -->\n\nAfter.\n';

describe('figures in a document', () => {
  it('replace those that stand between their comments, and nothing else', () => {
    const text = withBlocks(DOCUMENT, new Map([['main', 'new $& figures']]));
    expect(text).toBe(DOCUMENT.replace('old', () => 'new $& figures'));
  });

  it('figures in a document can be replaced again', () => {
    const once = withBlocks(DOCUMENT, new Map([['main', 'new']]));
    expect(withBlocks(once, new Map([['main', 'old']]))).toBe(DOCUMENT);
  });

  it('figures in a document need a place', () => {
    const blocks = new Map([
      ['main', 'new'],
      ['other', 'new'],
    ]);
    expect(() => withBlocks(DOCUMENT, blocks)).toThrow('no block for other');
  });

  it('figures in a document are never left behind from an earlier run', () => {
    expect(() => withBlocks(DOCUMENT, new Map())).toThrow('"main"');
  });

  it('figures in a document have their places in docs/streaming-miss.md', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/streaming-miss.md'), 'utf8');
    const names = [...text.matchAll(/<!-- lab:([\w-]+) -->/g)].map(([, name = '']) => name);
    expect(names.sort()).toEqual(['crowd', 'early', 'joiners', 'lifetimes', 'machine', 'main', 'no-pause']);
    expect(() => withBlocks(text, new Map(names.map((name) => [name, 'figures'])))).not.toThrow();
  });
});
