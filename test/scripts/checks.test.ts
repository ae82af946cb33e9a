/**
 * The checks of `npm run check` on projects with one deliberate violation each: every rule must be
 * seen to fail.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ESLint, Linter } from 'eslint';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countDocstrings, countEnglish } from '../../scripts/check-english.mjs';
import { exportedNames, sharedNames } from '../../scripts/check-exports.mjs';

const ROOT = join(import.meta.dirname, '../..');
let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'hf-check-'));
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  write('tsconfig.json', '{ "compilerOptions": { "module": "NodeNext", "moduleResolution": "NodeNext" } }');
});
afterEach(() => rmSync(project, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
}

/** Runs a program of node_modules/.bin in the project. */
function run(program: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin', program), args, {
    cwd: project,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

const depcruise = () => run('depcruise', 'src', '--config', join(ROOT, '.dependency-cruiser.cjs'));

describe('the check of imports', () => {
  it('the check of imports passes a project that imports downward only', () => {
    write('src/core/a.ts', 'export const a = 1;\n');
    write('src/http/b.ts', `import { a } from '../core/a.js';\nexport const b = a;\n`);
    expect(depcruise()).toMatchObject({ status: 0 });
  });

  it.each([
    ['a lower layer that imports a higher one', 'src/ruleset/a.ts', 'src/http/b.ts', 'ruleset-imports-no'],
    ['a type from a higher layer', 'src/ruleset/a.ts', 'src/app/b.ts', 'ruleset-imports-no', 'type '],
    [
      'an import of the core by the client of the administration',
      'src/admin/a.ts',
      'src/core/b.ts',
      'admin-imports',
    ],
    ['an import of the store by the client library', 'src/client/a.ts', 'src/store/b.ts', 'client-imports'],
    ['a folder without a layer', 'src/odds/a.ts', 'src/core/b.ts', 'folder-is-in-a-layer'],
    ['a file next to main.ts', 'src/a.ts', 'src/core/b.ts', 'only-main-at-the-root'],
  ])('the check of imports refuses %s', (_name, from, to, rule, type = '') => {
    const path = to.replace('src/', from === 'src/a.ts' ? './' : '../').replace('.ts', '.js');
    write(to, 'export interface B { b: number }\nexport const b = 1;\n');
    write(
      from,
      `import ${type}{ ${type === '' ? 'b' : 'B'} } from '${path}';\nexport type A = ${type === '' ? 'typeof b' : 'B'};\n`,
    );
    const { status, output } = depcruise();
    expect(output).toContain(rule);
    expect(status).not.toBe(0);
  });

  it('the check of imports refuses a cycle, also one of types only', () => {
    write('src/core/a.ts', `import type { B } from './b.js';\nexport interface A { b: B }\n`);
    write('src/core/b.ts', `import type { A } from './a.js';\nexport interface B { a: A }\n`);
    const { status, output } = depcruise();
    expect(output).toContain('no-cycle');
    expect(status).not.toBe(0);
  });
});

describe('the check of exports', () => {
  it('the check of exports finds an export that nothing uses', () => {
    write('package.json', '{ "name": "x", "type": "module" }');
    write('src/main.ts', `import { used } from './core/a.js';\nconsole.log(used);\n`);
    write('src/core/a.ts', 'export const used = 1;\nexport const unused = 2;\n');
    const { status, output } = run('knip', '--config', join(ROOT, 'knip.config.js'), '--include', 'exports');
    expect(output).toMatch(/unused +src\/core\/a\.ts/);
    expect(status).not.toBe(0);
  });

  it('the check of exports finds two declarations of one name, and takes overloads and re-exports for one', () => {
    const texts = [
      ['a.ts', 'export interface Plan { a: 1 }\nexport const b = 1;'],
      ['b.ts', 'export class Plan {}\nexport { b } from "./a.js";'],
      [
        'c.ts',
        'export function c(a: 1): 1;\nexport function c(a: 2): 2;\nexport function c(a: 1 | 2) { return a; }',
      ],
    ] as const;
    expect(sharedNames(texts)).toEqual([['Plan', ['a.ts', 'b.ts']]]);
    expect(exportedNames(texts[2][1])).toEqual(['c']);
  });

  it('the check of exports fails as a program where a name is declared twice', () => {
    write('src/a.ts', 'export const x = 1;');
    write('src/b.ts', 'export const x = 2;');
    const program = join(ROOT, 'scripts/check-exports.mjs');
    const { status, stdout } = spawnSync(process.execPath, [program, join(project, 'src')], {
      encoding: 'utf8',
    });
    expect(stdout).toContain('x is exported by a.ts and b.ts');
    expect(status).toBe(1);
  });
});

describe('the check of sizes', () => {
  const lint = async (text: string): Promise<(string | null)[]> => {
    const config = (await new ESLint({ cwd: ROOT }).calculateConfigForFile('src/core/clock.ts')) as {
      rules: Record<string, [number, ...unknown[]]>;
    };
    const rules = Object.fromEntries(
      ['max-lines', 'max-lines-per-function'].map((name) => [name, config.rules[name]]),
    ) as Linter.RulesRecord;
    return new Linter().verify(text, [{ rules }]).map(({ ruleId }) => ruleId);
  };

  it('the check of sizes passes a file of 300 lines and a function of 60', async () => {
    expect(await lint('// \n'.repeat(240) + `function f() {\n${'f();\n'.repeat(58)}}`)).toEqual([]);
  });

  it('the check of sizes refuses a file of 301 lines and a function of 61', async () => {
    expect(await lint('// \n'.repeat(240) + `function f() {\n${'f();\n'.repeat(59)}}`)).toEqual([
      'max-lines-per-function',
      'max-lines',
    ]);
  });
});

describe('the check of titles', () => {
  it.each([
    ["it('refuses a link that has ended', f);", 0],
    ["it('a link that has ended is refused', f);", 0],
    ["it('is refused', f);", 1],
    ["it('of two nodes are apart', f);", 1],
    ["it.each(rows)('is refused: %s', f);", 1],
    ['it(`is refused: ${name}`, f);', 1],
    ["expect(text).toBe('is refused');", 0],
  ])('the check of titles counts those that read on from their group: %s', async (text, count) => {
    const { titles } = (await import(join(ROOT, 'eslint.config.js'))) as {
      titles: { rules: Linter.RulesRecord };
    };
    expect(new Linter().verify(text, [{ rules: titles.rules }])).toHaveLength(count);
  });
});

describe('the check of English', () => {
  it('the check of English counts comments that open with a clause, and impersonal pronouns', () => {
    const text = `/** What a CDN finds. */\nconst a = 1; // nobody, and whoever\n\n// one comment\n// in two lines\nconst b = 1;\n`;
    expect(countEnglish(text)).toMatchObject({ comments: 3, openings: 1, pronouns: 2 });
  });

  it('the check of English counts exported declarations without a docstring', () => {
    const text = '/** A number. */\nexport const a = 1;\nexport const b = 2;\nconst c = 3;\n';
    expect(countDocstrings(text)).toEqual({ exported: 2, missing: ['3: b'] });
  });

  it('the check of English fails as a program when the limits are passed', () => {
    write('src/a.ts', '/** What it is. */\nexport const a = 1;\n');
    const program = join(ROOT, 'scripts/check-english.mjs');
    expect(() =>
      execFileSync(process.execPath, [program, join(project, 'src/a.ts')], { stdio: 'pipe' }),
    ).toThrow();
  });
});
