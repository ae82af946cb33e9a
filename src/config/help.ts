/** The settings as text for `holdfast help settings`. Pure. */
import { clientVariables } from './client-variables.js';
import { options } from './options.js';

/** The parts of a variable that the help shows. */
interface Described {
  readonly name: string;
  readonly default?: string;
  readonly shown?: string;
  readonly help: string;
}

/** Below it three columns leave too little for the last. */
const NARROW = 100;

/** Formats the option table: name, default, meaning. Never a value. */
export function helpText(width = 100): string {
  const rows: Described[] = [...Object.values(options), ...Object.values(clientVariables)];
  const lines = rows.flatMap((option) => {
    if (width < NARROW) {
      const head = `  ${option.name} (${option.shown ?? option.default ?? 'none'})`;
      return [head, ...wrap(option.help, width - 6).map((line) => `      ${line}`)];
    }
    const head = `  ${option.name.padEnd(25)}${(option.shown ?? option.default ?? 'none').padEnd(23)}`;
    return wrap(option.help, width - head.length).map(
      (line, i) => (i === 0 ? head : ' '.repeat(head.length)) + line,
    );
  });
  return [
    'Settings (environment variables; name, default, meaning):',
    ...lines,
    '',
    ...wrap(
      `A secret can be in a file instead: NAME_FILE has its path. Secrets are ${secretNames()}.`,
      width,
    ),
    '',
  ].join('\n');
}

/**
 * Breaks text at spaces into lines of at most that many characters; a longer word gets a line of
 * its own.
 */
function wrap(sentence: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of sentence.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function secretNames(): string {
  const all: readonly { readonly name: string; readonly secret?: true }[] = [
    ...Object.values(options),
    ...Object.values(clientVariables),
  ];
  return all
    .filter(({ secret }) => secret === true)
    .map(({ name }) => name)
    .join(', ');
}
