/** Completion in the real shells: what they offer for a command line. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionScript, SHELLS, type Shell } from '../../src/cli/completion.js';
import { commandTable } from '../../src/cli/table/index.js';

const execute = promisify(execFile);
const PATH = process.env.PATH ?? '';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-completion-'));
  for (const shell of SHELLS) await writeFile(script(shell), completionScript(shell, commandTable));
  await writeFile(join(folder, 'datafile.json'), '{}');
});

afterAll(() => rm(folder, { recursive: true }));

function script(shell: Shell): string {
  return join(folder, `holdfast.${shell}`);
}

/** Lines of the output of a shell in the folder of the scripts. */
async function lines(command: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await execute(command, args, { cwd: folder, env: { PATH, HOME: folder, TERM: 'dumb' } });
  return stdout.split('\n').filter((line) => line !== '');
}

/** The words that a shell offers after these; the last one is what is being typed. */
const offers: Readonly<Record<Shell, (words: readonly string[]) => Promise<string[]>>> = {
  bash: (words) => {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    return lines(
      'bash',
      '--norc',
      '-c',
      `source ${script('bash')}; COMP_WORDS=(holdfast ${quoted}); COMP_CWORD=${words.length}; _holdfast; printf '%s\n' "\${COMPREPLY[@]}"`,
    );
  },
  // The functions that a completion in zsh ends with are replaced: without a terminal there is no
  // line editor that could be asked.
  zsh: (words) => {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const stubs = [
      'compdef() { : }',
      '_describe() { local list=${@[-1]}; print -l -- ${${(P)list}%%:*} }',
      'compadd() { shift; print -l -- "$@" }',
      '_files() { print -l -- * }',
    ].join('; ');
    const line = `words=(holdfast ${quoted}); CURRENT=${words.length + 1}; PREFIX='${words.at(-1) ?? ''}'`;
    return lines('zsh', '-f', '-c', `${stubs}; source ${script('zsh')}; ${line}; _holdfast`).then((all) =>
      all.filter((word) => word.startsWith(words.at(-1) ?? '')),
    );
  },
  fish: (words) =>
    lines(
      'fish',
      '--no-config',
      '-c',
      `source ${script('fish')}; complete -C 'holdfast ${words.join(' ')}'`,
    ).then((all) => all.map((line) => line.split('\t')[0] ?? '')),
};

describe.each(SHELLS)('completion in %s', (shell) => {
  it(`completion in ${shell} is a script that the shell reads without an error`, async () => {
    expect(await lines(shell, '-n', script(shell))).toEqual([]);
  });

  it.each([
    ['the first words of commands', ['sh'], ['show']],
    ['the words that follow', ['keys', ''], ['create', 'list', 'revoke']],
    ['options', ['set', 'a', '--all'], ['--all-rules']],
    ['the values of an option', ['keys', 'create', '--kind', ''], ['server', 'client']],
    ['shells', ['completion', 'z'], ['zsh']],
    ['topics of help', ['help', 'settin'], ['settings']],
    ['files', ['import', 'data'], ['datafile.json']],
  ])(`completion in ${shell} offers %s`, async (_what, words, expected) => {
    expect((await offers[shell](words)).sort()).toEqual([...expected].sort());
  });

  it(`completion in ${shell} offers every command`, async () => {
    const first = [...new Set(commandTable.map(({ name }) => name.split(' ')[0] ?? ''))];
    expect((await offers[shell]([''])).sort()).toEqual(first.sort());
  });
});
