/** What commands print differently on a terminal: colours, progress and the width of tables. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Progress } from '../../src/cli/progress.js';
import { Printer } from '../../src/cli/printer.js';
import { printerOptions } from '../../src/cli/terminal.js';
import { credentials, run, type Options, type Result } from './run.js';
import { FakeServer } from './fake-server.js';
import { flag } from '../support/configs.js';

const ESCAPE = '\u001b[';

let folder: string;
let server: FakeServer;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-terminal-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  server = await FakeServer.start();
  server.put(flag('flag.a', true));
});
afterEach(() => server.stop());

function holdfast(argv: string[], options: Options = {}): Promise<Result> {
  return run(argv, { ...options, env: { ...credentials(server), ...options.env } });
}

describe('colours', () => {
  it('a terminal gets colours, in output and help', async () => {
    expect((await holdfast(['show', 'flag.a'], { terminal: 80 })).out).toContain(ESCAPE);
    expect((await holdfast(['--help'], { terminal: 80 })).out).toContain(ESCAPE);
  });

  it.each([
    ['no terminal', {}],
    ['a terminal with NO_COLOR', { terminal: 80, env: { NO_COLOR: '1' } }],
    ['a dumb terminal', { terminal: 80, env: { TERM: 'dumb' } }],
  ])('%s gets no escape sequence, in output, help and errors', async (_name, options: Options) => {
    for (const argv of [['show'], ['show', 'flag.a'], ['--help'], ['help', 'settings'], ['show', 'none']]) {
      const { out, err } = await holdfast(argv, options);
      expect([argv, (out + err).includes(ESCAPE)]).toEqual([argv, false]);
    }
  });

  it('a NO_COLOR that is empty counts as not set', () => {
    const stream = { isTTY: true, columns: 100, write: () => undefined };
    expect(printerOptions(stream, { NO_COLOR: '' })).toEqual({ colours: true, width: 100 });
    expect(printerOptions(stream, { NO_COLOR: '0' })).toEqual({ colours: false, width: 100 });
  });
});

describe('tables', () => {
  it('a value in a table is cut to the width of a terminal', async () => {
    const text = 'long '.repeat(40);
    const rows = [{ values: [{ value: { string: text } }] }];
    server.put({ key: 'site.greeting', configType: 'CONFIG', valueType: 'STRING', rows });
    expect((await holdfast(['show'])).out).toContain('long '.repeat(10));
    const narrow = await holdfast(['show'], { terminal: 60, env: { NO_COLOR: '1' } });
    expect(narrow.out).toContain('site.greeting');
    for (const line of narrow.out.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  });
});

describe('progress', () => {
  /** A context of which Progress needs the printer of errors and the clock. */
  function progressOn(terminal: boolean) {
    let text = '';
    let now = 1_000_000;
    const output = { isTTY: terminal, columns: 40, write: (part: string) => (text += part) };
    const err = new Printer(output, printerOptions(output, {}));
    const progress = new Progress({ err, around: { now: () => now } } as never);
    return { progress, text: () => text, later: (ms: number) => (now += ms) };
  }

  it('progress is replaced in place on a terminal, cut to its width, and removed at the end', () => {
    const { progress, text } = progressOn(true);
    progress.tell('Importing: 1 of 9');
    progress.tell(`Importing: 2 of 9 ${'x'.repeat(100)}`);
    progress.end();
    const shown = text().split('\r\u001b[K');
    expect(shown).toEqual(['', 'Importing: 1 of 9', `Importing: 2 of 9 ${'x'.repeat(21)}`, '']);
    expect(text()).not.toContain('\n');
  });

  it('progress elsewhere is a plain line every five seconds, and nothing of short work', () => {
    const { progress, text, later } = progressOn(false);
    progress.tell('1 of 9');
    later(4_999);
    progress.tell('2 of 9');
    expect(text()).toBe('');
    later(1);
    progress.tell('3 of 9');
    progress.tell('4 of 9');
    later(5_000);
    progress.tell('5 of 9');
    progress.end();
    expect(text()).toBe('3 of 9\n5 of 9\n');
  });

  it('an import of several changes shows its progress on a terminal only', async () => {
    const configs = Array.from({ length: 3_000 }, (_, i) => flag(`flag.${i}.${'k'.repeat(300)}`, true));
    const file = join(folder, 'many.json');
    writeFileSync(file, JSON.stringify({ configs }));
    const shown = await holdfast(['import', file], { terminal: 80 });
    expect(shown.code).toBe(0);
    expect(shown.err.split(`\r${ESCAPE}K`).some((text) => /\d of \d/.test(text))).toBe(true);
    expect(shown.err.endsWith('\r\u001b[K') || shown.err.endsWith('\n')).toBe(true);
    const quiet = await holdfast(['import', file]);
    expect(quiet.err).not.toContain('\r');
  });
});
