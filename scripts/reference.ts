/**
 * The pages of docs/reference, the types of `holdfast/admin` and the Grafana board, which are made from code: `npm run docs` writes them,
 * test/docs/reference.test.ts fails when one is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { runCli } from '../src/cli/program.js';
import { commandTable } from '../src/cli/table/index.js';
import { ROLES, type Role } from '../src/config/option.js';
import { clientVariables } from '../src/config/client-variables.js';
import { options } from '../src/config/options.js';
import { flagFileSchema } from '../src/flag-file/schema.js';
import { openApiDocument } from '../src/http/openapi/document.js';
import { fileVariable } from '../src/config/secret-file.js';
import { adminTypes } from './admin-types.js';
import { board } from './board.js';
import { flagFilePage } from './flag-file-page.js';
import { noticesPage } from './notices.js';

const root = join(import.meta.dirname, '..');

/** The command that starts each kind of process. */
const COMMANDS: Readonly<Record<Role, string>> = {
  node: '`holdfast serve`',
  'belt writer': '`holdfast belt`',
  'belt server': '`holdfast serve --source`',
};

/** The fields of an option that its entry shows. */
interface Described {
  readonly name: string;
  readonly roles?: readonly Role[];
  readonly default?: string;
  readonly shown?: string;
  readonly secret?: true;
  readonly help: string;
}

/** Pages by their paths from the root of the repository, formatted as prettier does. */
export async function referencePages(): Promise<Map<string, string>> {
  const pages = new Map([
    ['docs/reference/settings.md', settingsPage()],
    ['docs/reference/command-line.md', await commandLinePage()],
    ['docs/reference/flag-file.md', flagFilePage()],
    ['docs/reference/flag-file.schema.json', JSON.stringify(flagFileSchema())],
    ['docs/reference/openapi.json', JSON.stringify(openApiDocument())],
    ['src/admin/schema.ts', await adminTypes()],
    ['observability/grafana/holdfast.json', JSON.stringify(board())],
    ['charts/holdfast/README.md', chartPage()],
  ]);
  for (const [path, text] of pages) {
    const file = join(root, path);
    pages.set(path, await format(text, { ...(await resolveConfig(file)), filepath: file }));
  }
  // A chart has no files but its own.
  for (const source of ['pushpin/pushpin.conf', 'pushpin/routes', 'observability/prometheus/alerts.yml']) {
    pages.set(`charts/holdfast/files/${basename(source)}`, readFileSync(join(root, source), 'utf8'));
  }
  pages.set('THIRD_PARTY_NOTICES.md', noticesPage(root));
  return pages;
}

function settingsPage(): string {
  const settings: readonly Described[] = Object.values(options);
  const groups = ROLES.map((role) => [role, settings.filter(({ roles }) => roles?.[0] === role)] as const);
  return `# Settings

<!-- Made by \`npm run docs\` from src/config/options.ts. Do not edit. -->

Environment variables; \`holdfast help settings\` prints the same. All problems are reported together, at start. A variable that is empty counts as not set.
Names that begin with \`HOLDFAST_\` and are no setting, and settings that have no effect on the process that was started, are named in the log at start.

Processes are ${ROLES.map((role) => `the ${role} (${COMMANDS[role]})`).join(', ')}. A value that is or may contain a secret appears in no message.

## Secrets in files

A secret can be in a file, as orchestrators mount it: \`NAME_FILE\` is the path of the file that has the value of \`NAME\`. White space around the value is left out. Both at once, a file that cannot be read, and one that is empty are errors that name the path. Files are read at start; so are the variables. Commands read \`HOLDFAST_ADMIN_TOKEN_FILE\` and \`HOLDFAST_API_KEY_FILE\` too.

${groups
  .filter(([, entries]) => entries.length > 0)
  .map(([role, entries]) => `## ${HEADINGS[role]}\n\n${entries.map(settingEntry).join('\n')}\n`)
  .join('\n')}
## Commands

What the commands that are clients of a server read; options of the command line win over them.

${Object.values<Described>(clientVariables).map(settingEntry).join('\n')}
`;
}

const HEADINGS: Readonly<Record<Role, string>> = {
  node: 'Nodes',
  'belt writer': 'Belt writers',
  'belt server': 'Belt servers',
};

function settingEntry({ name, roles = [], default: standard, shown, secret, help }: Described): string {
  const facts = [
    `Default: ${code(shown ?? standard ?? 'none')}.`,
    ...(roles.length > 0 ? [`Read by: ${roles.join(', ')}.`] : []),
    ...(secret ? [`Secret; or in a file, \`${fileVariable(name)}\`.`] : []),
  ];
  return `- **\`${name}\`**: ${markCode(help)} ${facts.join(' ')}`;
}

/** Values are code; words that stand for a value are not. */
function code(text: string): string {
  return /^(none|generated)$/.test(text) ? text : `\`${text}\``;
}

/** Marks names of variables and URLs as code, and keeps the rest from being read as marks. */
function markCode(text: string): string {
  return text
    .split(/(\b[A-Z]+(?:_[A-Z0-9]+)+\b|\b\w+:\/\/(?:[^\s,.]|[.,](?=\S))*)/)
    .map((part, i) =>
      i % 2 === 1
        ? `\`${part}\``
        : part.replace(/[*_<>]/g, '\\$&').replace(/docs\/(\w+\.md)/g, '[$1](../$1)'),
    )
    .join('');
}

async function commandLinePage(): Promise<string> {
  const sections: string[] = [];
  for (const path of commandPaths()) {
    const heading = `## ${['holdfast', ...path].join(' ')}`;
    sections.push(`${heading}\n\n\`\`\`text\n${await helpOf(path)}\n\`\`\`\n`);
  }
  return `# Command line

<!-- Made by \`npm run docs\` from src/cli/table/. Do not edit. -->

\`npx holdfast\`, after \`npm start\` or \`npm run build\`. All commands but \`serve\`, \`belt\` and \`restore --from\` are clients of the HTTP interface:
they take \`--url\`, \`--token\` and \`--key\`, or the variables [HOLDFAST_URL, HOLDFAST_ADMIN_TOKEN and HOLDFAST_API_KEY](settings.md#commands).
An option is visible to other users of the machine in the list of processes; prefer the variables.

Exit codes: 0 done, 1 the request failed, 2 the command or the settings are wrong. A failure is one line on standard error.

With \`--json\` the result is JSON, on standard output alone; what each command prints stands in its help. Tables are as wide as the terminal, and
whole where the output is no terminal. Colours are on a terminal only, and never with the variable \`NO_COLOR\`.

${sections.join('\n')}`;
}

/** Every command, and the words that several begin with. */
function commandPaths(): string[][] {
  const names = commandTable.flatMap(({ name }) => {
    const words = name.split(' ');
    return words.map((_, i) => words.slice(0, i + 1).join(' '));
  });
  return [[], ...[...new Set(names)].map((name) => name.split(' '))];
}

/** The help of a command. */
async function helpOf(path: readonly string[]): Promise<string> {
  let help = '';
  const output = { write: (text: string) => (help += text) };
  await runCli({
    argv: [...path, '--help'],
    env: {},
    stdout: output,
    stderr: output,
    serve: () => Promise.resolve(),
  });
  return help.trimEnd();
}

function chartPage(): string {
  return `# Helm chart

<!-- Made by \`npm run docs\` from values.yaml. Do not edit. -->

[Kubernetes](../../docs/operations/kubernetes.md) says how to install it and what it makes. All values, with their defaults:

\`\`\`yaml
${readFileSync(join(root, 'charts/holdfast/values.yaml'), 'utf8')}\`\`\`
`;
}

/** Writes the pages that are stale. */
async function main(): Promise<void> {
  for (const [path, text] of await referencePages()) {
    const file = join(root, path);
    let old = '';
    try {
      old = readFileSync(file, 'utf8');
    } catch {
      // It is the first time.
    }
    if (old === text) continue;
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
