import { describe, expect, it } from 'vitest';
import { run } from './run.js';

const stdin = JSON.stringify({
  flags: {
    kept: { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' },
    lost: { state: 'DISABLED', variants: { on: true, off: false }, defaultVariant: 'on' },
  },
});

describe('convert', () => {
  it('convert prints a datafile, and what it left out and why on standard error', async () => {
    const { code, out, err } = await run(['convert', '--from', 'flagd', '-'], { stdin });
    expect(code).toBe(0);
    expect((JSON.parse(out) as { configs: { key: string }[] }).configs.map(({ key }) => key)).toEqual([
      'kept',
    ]);
    expect(err).toBe(
      'lost: left out: it is disabled, so code gets its own default.\n' +
        'Converted 1 config; 1 left out, 0 differ, in 0 contexts move.\n',
    );
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
