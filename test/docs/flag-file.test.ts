/** docs/reference/flag-file.md and docs/how-to/gitops.md against the code that reads flag files. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readFlagFile } from '../../src/flag-file/read.js';
import { parseConditions } from '../../src/words/conditions.js';
import { describeCriterion } from '../../src/words/criterion.js';
import { operatorWords, segmentWords } from '../../src/words/operators.js';
import { read, table } from './markdown.js';

const page = read('docs/reference/flag-file.md');
const options = { name: 'page', environment: '1' };

interface Workflow {
  readonly jobs: { readonly plan: { readonly steps: readonly { readonly run?: string }[] } };
}

/** The YAML blocks of a document. */
function blocks(text: string): string[] {
  return [...text.matchAll(/^ *```yaml\n(.*?)^ *```/gms)].map(([, block = '']) => block);
}

describe('docs/reference/flag-file.md', () => {
  it('docs/reference/flag-file.md has every operator, with an example that is read as it', () => {
    const rows = table(page, 'Conditions');
    const operators = rows.map(([, , , operator]) => operator);
    expect(operators).toEqual([
      ...operatorWords.map(({ operator }) => operator),
      ...Object.keys(segmentWords),
    ]);
    for (const [words = '', , example = '', operator = ''] of rows) {
      expect(example).toContain(words);
      expect(parseConditions(example)).toMatchObject([[{ operator }]]);
    }
  });

  it('docs/reference/flag-file.md shows JSON and versions as they are read', () => {
    const [, json = ''] = /`(\{"propertyName.*\})`/.exec(page) ?? [];
    expect(parseConditions(json).flat().map(describeCriterion)).toEqual([json]);
    expect(parseConditions('app.version >= 1.2.0')).toHaveLength(2);
    expect(parseConditions('a after 2027-01-31')).toEqual(parseConditions('a after 2027-01-31T00:00:00Z'));
    expect(parseConditions('a is x, y')).toEqual(parseConditions('a IS any of [x, y]'));
  });

  it('docs/reference/flag-file.md has files and rollouts that are read', () => {
    const [file = '', rollout = '', ...others] = blocks(page);
    expect(others).toEqual([]);
    expect(readFlagFile(file, options)).toHaveLength(1);
    const config = `holdfast: 1\nconfigs:\n a:\n  type: flag\n  valueType: string\n${rollout.replace(/^/gm, '  ')}`;
    expect(readFlagFile(config, options)).toHaveLength(1);
  });

  it('docs/reference/flag-file.md says what values of each type are written as', () => {
    const rows = table(page, 'Values');
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter(([, form]) => form === '')).toEqual([]);
  });
});

describe('docs/how-to/gitops.md', () => {
  it('docs/how-to/gitops.md names every variable and secret of the workflow', () => {
    const names = new Set(
      [...read('examples/gitops/workflow.yml').matchAll(/(?:vars|secrets)\.(\w+)/g)].map(
        ([, name = '']) => name,
      ),
    );
    expect(names.size).toBe(4);
    const text = read('docs/how-to/gitops.md');
    for (const name of names) expect(text).toContain(`\`${name}\``);
  });
});

describe('examples/gitops/workflow.yml', () => {
  const workflow = parse(read('examples/gitops/workflow.yml')) as Workflow;

  it.each([
    [0, 0],
    [2, 0],
    [1, 1],
  ])('the step that plans, when plan ends with exit code %i, ends with %i', (code, expected) => {
    const folder = mkdtempSync(join(tmpdir(), 'workflow-'));
    try {
      writeFileSync(join(folder, 'npx'), `#!/bin/sh\necho "$@"\nexit ${code}\n`, { mode: 0o755 });
      const summary = join(folder, 'summary');
      const script = workflow.jobs.plan.steps.find(({ run = '' }) => run.includes('plan'))?.run ?? '';
      // As GitHub runs a step without a shell of its own.
      const { status } = spawnSync('bash', ['-e', '-c', script], {
        cwd: folder,
        env: { PATH: `${folder}:${process.env.PATH}`, GITHUB_STEP_SUMMARY: summary },
      });
      expect(status).toBe(expected);
      expect(readFileSync(summary, 'utf8')).toContain('holdfast plan flags.yaml --prune');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
