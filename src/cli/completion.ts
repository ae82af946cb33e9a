/**
 * Scripts that complete command lines in a shell, made of the table of commands. Pure.
 *
 * Each script finds the command among the words so far (`at`: its name with a space before each
 * word) and offers what can follow: the words of commands, options, the values of an option, files.
 */
import { CONNECTIONS, VERBOSE, flagOf } from './declare.js';
import type { CommandEntry } from './command.js';

/** The shells that a script can be made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A shell that a script can be made for. */
export type Shell = (typeof SHELLS)[number];

/** A word that can follow, and what it means. */
interface Candidate {
  readonly word: string;
  readonly help: string;
}

/** An option that can follow. */
interface OptionCandidate extends Candidate {
  /** What its value can be; absent for a switch. */
  readonly value?: { readonly choices: readonly string[]; readonly file: boolean };
}

/** What can follow the words of a command. */
interface Place {
  /** A space before each word; empty at the beginning. */
  readonly at: string;
  readonly words: readonly Candidate[];
  readonly options: readonly OptionCandidate[];
  /** True when an argument is a file. */
  readonly files: boolean;
}

/** Makes the script of a shell. */
export function completionScript(shell: Shell, table: readonly CommandEntry[]): string {
  const places = placesOf(table);
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](places);
}

function placesOf(table: readonly CommandEntry[]): Place[] {
  const paths = new Set(['']);
  for (const { name } of table) {
    const words = name.split(' ');
    for (let n = 1; n <= words.length; n++) paths.add(` ${words.slice(0, n).join(' ')}`);
  }
  return [...paths].map((at) => {
    const entry = table.find(({ name }) => ` ${name}` === at);
    return {
      at,
      words: [...wordsBelow(at, paths, table), ...topicsOf(entry, table)],
      options: [...optionsOf(entry), { word: '--help', help: 'print the help of a command' }],
      files: entry?.arguments.some((argument) => /^.file/.test(argument)) === true,
    };
  });
}

function wordsBelow(at: string, paths: ReadonlySet<string>, table: readonly CommandEntry[]): Candidate[] {
  const below = [...paths].filter(
    (path) => path.startsWith(`${at} `) && !path.slice(at.length + 1).includes(' '),
  );
  return below.map((path) => ({
    word: path.slice(at.length + 1),
    help: table.find(({ name }) => ` ${name}` === path)?.summary ?? '',
  }));
}

/** The words that arguments can be, where they are known. */
function topicsOf(entry: CommandEntry | undefined, table: readonly CommandEntry[]): Candidate[] {
  if (entry?.name === 'completion') return SHELLS.map((word) => ({ word, help: `a script for ${word}` }));
  if (entry?.name !== 'help') return [];
  const names = new Set(table.map(({ name }) => name.split(' ')[0] ?? ''));
  return [
    { word: 'settings', help: "the server's settings" },
    ...[...names].map((word) => ({ word, help: '' })),
  ];
}

function optionsOf(entry: CommandEntry | undefined): OptionCandidate[] {
  if (entry === undefined) return [];
  const own = Object.entries(entry.options).map(
    ([name, { help, placeholder, choices = [], file = false }]) => ({
      word: flagOf(name),
      help,
      ...(placeholder === undefined ? {} : { value: { choices, file } }),
    }),
  );
  const json = entry.json === undefined ? [] : [{ word: '--json', help: 'print JSON' }];
  const shared = entry.connections.map((connection) => {
    const [flags, help] = CONNECTIONS[connection];
    return { word: flags.split(' ')[0] ?? '', help, value: { choices: [], file: false } };
  });
  const verbose = shared.length === 0 ? [] : [{ word: VERBOSE[0], help: VERBOSE[1] }];
  return [...own, ...json, ...shared, ...verbose];
}

/** A text in single quotes, for shells of the kind of sh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function words(candidates: readonly { readonly word: string }[]): string {
  return candidates.map(({ word }) => word).join(' ');
}

function bashScript(places: readonly Place[]): string {
  const values = places.flatMap(({ at, options }) =>
    options.flatMap(({ word, value }) => {
      if (value === undefined) return [];
      const made = value.file
        ? 'compgen -f -- "$cur"'
        : `compgen -W ${quoted(value.choices.join(' '))} -- "$cur"`;
      return [`    ${quoted(`${at} ${word}`)}) mapfile -t COMPREPLY < <(${made}); return ;;`];
    }),
  );
  const cases = places.map(({ at, words: below, options, files }) =>
    [
      `    ${quoted(at)})`,
      `      if [[ $cur == -* ]]; then words=${quoted(words(options))}; else words=${quoted(words(below))}; fi`,
      ...(files
        ? ['      [[ $cur == -* ]] || { mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return; }']
        : []),
      '      ;;',
    ].join('\n'),
  );
  return `# bash completion of holdfast; made by: holdfast completion bash
_holdfast() {
  local cur=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} at='' words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${pathPattern(places)}) at+=" \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at $previous" in
${values.join('\n')}
  esac
  case "$at" in
${cases.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o filenames -F _holdfast holdfast
`;
}

/** A pattern of \`case\` for all commands. */
function pathPattern(places: readonly Place[], separator = '|'): string {
  return places
    .filter(({ at }) => at !== '')
    .map(({ at }) => quoted(at))
    .join(separator);
}

function zshScript(places: readonly Place[]): string {
  const described = (candidates: readonly Candidate[]) =>
    candidates.map(({ word, help }) => quoted(`${word}:${help}`)).join(' ');
  const values = places.flatMap(({ at, options }) =>
    options.flatMap(({ word, value }) => {
      if (value === undefined) return [];
      const made = value.file
        ? '_files'
        : value.choices.length === 0
          ? ':'
          : `compadd -- ${value.choices.join(' ')}`;
      return [`    ${quoted(`${at} ${word}`)}) ${made}; return ;;`];
    }),
  );
  const cases = places.map(
    ({ at, words: below, options, files }) => `    ${quoted(at)})
      candidates=(${described(below)})
      flags=(${described(options)})
      ${files ? '[[ $PREFIX == -* ]] || _files' : ':'}
      ;;`,
  );
  return `#compdef holdfast
# zsh completion of holdfast; made by: holdfast completion zsh
_holdfast() {
  local at='' i
  local -a candidates flags
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      ${pathPattern(places)}) at+=" \${words[i]}" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  case "$at" in
${cases.join('\n')}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option flags
  else
    _describe command candidates
  fi
}
if [ "$funcstack[1]" = _holdfast ]; then
  _holdfast "$@"
else
  compdef _holdfast holdfast
fi
`;
}

/** A text in single quotes, for fish. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap(({ at, words: below, options, files }) => {
    const begin = `complete -c holdfast -n ${fishQuoted(`__holdfast_at ${fishQuoted(at)}`)}`;
    return [
      ...below.map(({ word, help }) => `${begin} -f -a ${word} -d ${fishQuoted(help)}`),
      ...options.map(({ word, help, value }) => {
        const taken =
          value === undefined ? '' : value.file ? ' -r -F' : ` -x -a ${fishQuoted(value.choices.join(' '))}`;
        return `${begin} -l ${word.slice(2)}${taken} -d ${fishQuoted(help)}`;
      }),
      ...(files ? [`${begin} -F`] : []),
    ];
  });
  return `# fish completion of holdfast; made by: holdfast completion fish
function __holdfast_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case ${pathPattern(places, ' ')}
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c holdfast -f
${lines.join('\n')}
`;
}
