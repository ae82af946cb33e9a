/** The systemd unit of examples/systemd/, by systemd's own checks, which need no running systemd. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { options } from '../../src/config/options.js';

const UNIT = join(import.meta.dirname, '../../examples/systemd/holdfast@.service');
const text = readFileSync(UNIT, 'utf8');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-unit-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function analyze(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { cwd: folder, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

function valueOf(name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1];
}

describe('the systemd unit', () => {
  it('the systemd unit has no line that systemd does not know', () => {
    const name = 'holdfast@serve.service';
    // The program that it starts is not installed where this runs.
    writeFileSync(join(folder, name), text.replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true %i'));
    expect(analyze('verify', '--man=no', join(folder, name))).toEqual({ status: 0, output: '' });
  });

  it('the systemd unit exposes less than 2 of 10', () => {
    copyFileSync(UNIT, join(folder, 'holdfast@serve.service'));
    const { output } = analyze('security', '--offline=yes', '--no-pager', './holdfast@serve.service');
    const [, level] = /Overall exposure level for \S+: ([\d.]+)/.exec(output) ?? [];
    expect([Number(level) < 2, level]).toEqual([true, expect.stringMatching(/^\d/)]);
  });

  it('the systemd unit waits longer than a node drains, and leaves /proc/sys readable for the lock', () => {
    const drain = Number.parseInt(options.drainSeconds.default, 10);
    expect(Number(valueOf('TimeoutStopSec'))).toBeGreaterThan(drain + 5);
    expect(valueOf('ProcSubset')).toBeUndefined();
    expect(valueOf('MemoryDenyWriteExecute')).toBeUndefined();
  });
});
