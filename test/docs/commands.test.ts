/** Every command line that documents, examples and help show, read by the parser of the program. */
import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { configure } from '../../src/cli/declare.js';
import { commandTable } from '../../src/cli/table/index.js';
import { documents, find, read } from './markdown.js';

/** The commands that others follow, such as `keys` of `keys list`. */
const families = new Set(commandTable.flatMap(({ name }) => (name.includes(' ') ? name.split(' ')[0] : [])));

/** The parser's error about the words after `holdfast`; `undefined` for a command line that is read. */
function complaint(words: readonly string[], isMention = false): string | undefined {
  const [first] = words;
  if (first === undefined || first === 'help' || first.startsWith('-')) return undefined;
  const entry = commandTable
    .filter(({ name }) => `${words.join(' ')} `.startsWith(`${name} `))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (entry === undefined) return families.has(first) && words.length === 1 ? undefined : 'no such command';
  const command = new Command(entry.name)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  configure(command, entry);
  command.action(() => undefined);
  try {
    command.parse(words.slice(entry.name.split(' ').length), { from: 'user' });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // A mention such as `restore --from` leaves the value out.
    return error.exitCode === 0 || (isMention && error.message.includes('missing'))
      ? undefined
      : error.message;
  }
}

/** The words of a line of a shell, up to the end of its first command. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  const pattern = /\s*(?:([|;<>&#)]|$)|((?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\|;<>&])+))/gy;
  for (;;) {
    const [, end, word] = pattern.exec(line) ?? [];
    if (end !== undefined || word === undefined) return words;
    words.push(
      word.replace(
        /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g,
        (_, ...[a, b, c]: (string | undefined)[]) => a ?? b ?? c ?? '',
      ),
    );
  }
}

const CALL = /(?:^|[\s|(;&=$])(?:npx (?:--no )?(?:-- )?)?holdfast ([a-z-].*)/;

/** The command lines in the blocks for a shell, a line that goes on joined. */
function linesOf(text: string): string[] {
  const blocks = [...text.matchAll(/^ *```(?:sh|bash|shell|console|yaml|dockerfile)\n(.*?)^ *```/gms)];
  return blocks.flatMap(([, block = '']) => callsOf(block));
}

function callsOf(script: string): string[] {
  return script
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => !/^\s*(?:#|helm )/.test(line))
    .flatMap((line) => CALL.exec(line)?.[1] ?? []);
}

/** The command lines in the middle of sentences; a name alone is a mention and is not read. */
function mentionsOf(text: string): string[] {
  return [...text.replace(/^ *```.*?^ *```/gms, '').matchAll(/`(?:npx )?holdfast ([a-z-][^`]*)`/g)]
    .map(([, line = '']) => line.replace(/\s+/g, ' '))
    .filter((line) => !commandTable.some(({ name }) => name === line) && !families.has(line))
    .filter((line) => !/[….]{3}|…/.test(line));
}

describe('command lines', () => {
  it.each(commandTable.map(({ name }) => name))('the examples in the help of %s are read', (name) => {
    const { examples = [] } = commandTable.find((entry) => entry.name === name) ?? {};
    const wrong = examples.flatMap(({ line }) => complaint(wordsOf(line)) ?? []);
    expect({ wrong, examples: examples.length > 0 }).toEqual({ wrong: [], examples: true });
  });

  it('the command lines of documents are read', () => {
    const lines = documents.flatMap((path) => {
      const text = read(path);
      return [
        ...linesOf(text).map((line) => ({ path, line, isMention: false })),
        ...mentionsOf(text).map((line) => ({ path, line, isMention: true })),
      ];
    });
    expect(lines.length).toBeGreaterThan(90);
    expect(wrongOf(lines)).toEqual([]);
  });

  it('the command lines of workflows and charts are read', () => {
    const files = [...find('examples', '.yml'), ...find('examples', '.yaml'), ...find('charts', '.yaml')];
    const lines = files.flatMap((path) => callsOf(read(path)).map((line) => ({ path, line })));
    expect(lines.length).toBeGreaterThan(1);
    expect(wrongOf(lines)).toEqual([]);
  });
});

interface Found {
  readonly path: string;
  readonly line: string;
  readonly isMention?: boolean;
}

function wrongOf(lines: readonly Found[]): string[] {
  return lines.flatMap(({ path, line, isMention }) => {
    const why = complaint(wordsOf(line), isMention);
    return why === undefined ? [] : [`${path}: holdfast ${line}: ${why}`];
  });
}
