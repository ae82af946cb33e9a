/**
 * The release workflow by actionlint, and the image file by hadolint. `npm run test:charts` gets
 * both.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { read, root } from '../docs/markdown.js';

const ACTIONLINT = process.env.ACTIONLINT ?? 'actionlint';
const HADOLINT = process.env.HADOLINT ?? 'hadolint';
const WORKFLOW = '.github/workflows/release.yml';

interface Step {
  readonly run?: string;
  readonly uses?: string;
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-lint-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function lint(program: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { status, output: `${stdout}${stderr}` };
}

/** A file with a change in it that its linter must find. */
function broken(name: string, text: string, from: string, to: string): string {
  expect(text).toContain(from);
  const file = join(folder, name);
  writeFileSync(file, text.replace(from, to));
  return file;
}

describe('the release workflow', () => {
  it('the release workflow has no complaint of actionlint, which finds a misspelt permission', () => {
    // Without shellcheck, which not every machine has.
    const flags = ['-no-color', '-shellcheck=', '-pyflakes='];
    expect(lint(ACTIONLINT, ...flags, WORKFLOW)).toEqual({ status: 0, output: '' });
    const file = broken('release.yml', read(WORKFLOW), 'id-token: write', 'id_token: write');
    expect(lint(ACTIONLINT, ...flags, file)).toEqual({
      status: 1,
      output: expect.stringContaining('id_token') as string,
    });
  });

  it('the release workflow may prove where the package comes from, tests first, and keeps no token', () => {
    const { jobs, permissions } = parse(read(WORKFLOW)) as {
      permissions: object;
      jobs: { release: { permissions: object; steps: Step[] } };
    };
    expect(permissions).toEqual({ contents: 'read' });
    expect(jobs.release.permissions).toEqual({ contents: 'write', 'id-token': 'write' });
    const runs = jobs.release.steps.flatMap(({ run }) => run ?? []);
    const place = (part: string) => runs.findIndex((run) => run.includes(part));
    expect(place('bash .ci/run')).toBeGreaterThan(-1);
    expect(place('npm publish')).toBeGreaterThan(place('bash .ci/run'));
    expect(place('npm publish')).toBeGreaterThan(place('npm run --silent sbom'));
    expect(read(WORKFLOW)).not.toMatch(/secrets\.|NODE_AUTH_TOKEN/);
    const { publishConfig } = JSON.parse(read('package.json')) as { publishConfig: object };
    expect(publishConfig).toEqual({ access: 'public', provenance: true });
  });
});

describe('the image file', () => {
  it('the image file has no complaint of hadolint, which finds an image without a version', () => {
    const flags = ['--no-color', '--failure-threshold', 'style'];
    expect(lint(HADOLINT, ...flags, 'Dockerfile')).toEqual({ status: 0, output: '' });
    const file = broken(
      'Dockerfile',
      read('Dockerfile'),
      /FROM \S+ AS build/.exec(read('Dockerfile'))![0],
      'FROM node AS build',
    );
    expect(lint(HADOLINT, ...flags, file)).toEqual({
      status: 1,
      output: expect.stringContaining('DL3006') as string,
    });
  });
});
