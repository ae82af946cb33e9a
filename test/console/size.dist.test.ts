/** The size of the first page of the console, as a browser gets it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bundledNotices } from '../../scripts/notices.js';

const ROOT = join(import.meta.dirname, '../..');
const BUILT = join(ROOT, 'dist/console');
const MAX_BYTES = 250 * 1024;

/** The page, with what it loads before anything is drawn. */
function firstFiles(): string[] {
  const page = readFileSync(join(BUILT, 'index.html'), 'utf8');
  const named = [...page.matchAll(/(?:src|href)="\/console\/([^"]+)"/g)].map(([, file = '']) => file);
  return ['index.html', ...named];
}

describe('the built console', () => {
  it('the built console has a first page of at most 250 KB after gzip', () => {
    const files = firstFiles();
    expect(files.length).toBeGreaterThan(2);
    const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(BUILT, file))).length, 0);
    console.log(`first page of the console: ${(bytes / 1024).toFixed(1)} KB after gzip`);
    expect(bytes).toBeLessThan(MAX_BYTES);
  });

  it('the built console loads nothing of other origins, and has no script or style inside of its page', () => {
    const page = readFileSync(join(BUILT, 'index.html'), 'utf8');
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\bon\w+=/);
  });

  it('the built console has source maps of nothing, and names with hashes', () => {
    const assets = readdirSync(join(BUILT, 'assets'));
    expect(assets.filter((name) => !/^[\w-]+-[\w-]{8}\.(js|css)$/.test(name))).toEqual([]);
  });

  it('the built console has notices for the packages in it', () => {
    const names = bundledNotices(ROOT).map(({ name }) => name);
    for (const name of [
      'react',
      'react-dom',
      '@tanstack/react-router',
      '@tanstack/router-core',
      '@codemirror/view',
    ]) {
      expect(names).toContain(name);
    }
    expect(names).not.toContain('vite');
  });
});
