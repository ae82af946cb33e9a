import { describe, expect, it } from 'vitest';
import { readFlagFile } from '../../src/flag-file/read.js';
import type { Config } from '../../src/ruleset/model.js';
import { sameContent } from '../../src/words/differences.js';
import { run } from './run.js';

const stdin = JSON.stringify({
  flags: {
    kept: { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' },
    lost: { state: 'DISABLED', variants: { on: true, off: false }, defaultVariant: 'on' },
  },
});

describe('convert', () => {
  it('convert prints a flag file, which apply reads', async () => {
    const { code, out } = await run(['convert', '--from', 'flagd', '-'], { stdin });
    expect(code).toBe(0);
    expect(out).toContain('kept:\n    type: flag\n    everywhere: true\n    default: true\n');
    const json = (await run(['convert', '--format', 'json', '--from', 'flagd', '-'], { stdin })).out;
    const { configs } = JSON.parse(json) as { configs: Config[] };
    const read = readFlagFile(out, { name: 'flags.yaml', environment: '7' });
    expect(read).toHaveLength(1);
    expect(sameContent(read[0]!, configs[0]!)).toBe(true);
  });

  it('convert with --format json prints a datafile, and what it left out and why on standard error', async () => {
    const { code, out, err } = await run(['convert', '--format', 'json', '--from', 'flagd', '-'], { stdin });
    expect(code).toBe(0);
    expect((JSON.parse(out) as { configs: { key: string }[] }).configs.map(({ key }) => key)).toEqual([
      'kept',
    ]);
    expect(err).toBe(
      'lost: left out: it is disabled, so code gets its own default.\n' +
        'Converted 1 config; left out: 1, differs: 0, moves: 0.\n',
    );
  });

  it('convert with --json prints what it left out and why with the configs', async () => {
    const { code, out } = await run(['convert', '--json', '--from', 'flagd', '-'], { stdin });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      configs: [{ key: 'kept' }],
      findings: [
        { subject: 'lost', kind: 'left out', reason: 'it is disabled, so code gets its own default' },
      ],
    });
  });

  it('convert names the flags that one reason concerns in one line', async () => {
    const off = { state: 'DISABLED', variants: { on: true }, defaultVariant: 'on' };
    const file = JSON.stringify({ flags: { a: off, b: off } });
    const { err } = await run(['convert', '--from', 'flagd', '-'], { stdin: file });
    expect(err).toContain('a, b: left out: it is disabled, so code gets its own default.\n');
  });

  it('convert with --strict writes nothing when something is left out', async () => {
    const { code, out, err } = await run(['convert', '--strict', '--from', 'flagd', '-'], { stdin });
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('with --strict nothing is written');
  });

  it('convert without a product, or with an unknown one, says which there are', async () => {
    expect((await run(['convert', '-'], { stdin })).code).toBe(2);
    expect((await run(['convert', '--from', 'x', '-'], { stdin })).err).toContain('flagd');
  });
});
