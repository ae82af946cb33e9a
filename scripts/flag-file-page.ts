/** docs/reference/flag-file.md: the form of flag files, from the tables that read and write them. */
import {
  configSchema,
  rolloutSchema,
  ruleSchema,
  valueSchema,
  type FlagFileSchema,
} from '../src/flag-file/schema.js';
import { CONFIG_TYPES, USUAL_VALUE_TYPES, VALUE_TYPE_WORDS } from '../src/flag-file/terms.js';
import { operatorWords, segmentWords, type Operand } from '../src/words/operators.js';

/** Right-hand sides by their form; the page's examples are these. */
const OPERANDS: Readonly<Record<Operand, OperandForm>> = {
  list: {
    name: 'user.country',
    form: 'a text, or `one of` and texts in brackets',
    example: 'one of [NL, DE]',
  },
  number: { name: 'user.age', form: 'a number', example: '18' },
  version: { name: 'app.version', form: 'a version of three numbers', example: '1.2.0' },
  date: {
    name: 'prefab.current-time',
    form: 'a date, a time with its zone, or milliseconds since 1970',
    example: '2027-01-31T18:00:00Z',
  },
  range: {
    name: 'user.age',
    form: 'two whole numbers; the second one is outside',
    example: '18 to below 65',
  },
  pattern: { name: 'user.email', form: 'an RE2 expression between slashes', example: '/^a.*z$/' },
  text: { name: 'user.region', form: 'a text', example: 'eu.de.berlin' },
};

interface OperandForm {
  /** A property that such a comparison suits. */
  readonly name: string;
  readonly form: string;
  readonly example: string;
}

/** A criterion that words do not reach. */
const noted = {
  propertyName: 'user.plan',
  operator: 'PROP_IS_ONE_OF',
  valueToMatch: { stringList: { values: ['gold'] }, name: 'plans' },
};

/** Values by the words of their types. */
const VALUES: Readonly<Record<string, string>> = {
  bool: '`true`',
  int: '`5`; a whole number of 64 bits',
  double: '`0.5`',
  string: '`hello`; in quotes where YAML would read something else, such as `"5"` or `"true"`',
  json: 'any YAML, such as `{maxItems: 50}`; not JSON in quotes',
  duration: '`PT30S`; ISO 8601',
  'log-level': '`TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`',
  'string-list': '`[a, b]`',
  bytes: 'base64',
  'int-range': '`{start: 1, end: 10}`',
  limit: 'the long form, with `$proto`',
  none: '`true`, `5` or a text',
};

/** Makes the page. */
export function flagFilePage(): string {
  return [head, configs(), rules(), conditions(), rollouts(), values(), schema].join('\n\n');
}

const head = `# Flag files

<!-- Made by \`npm run docs\` from src/flag-file/ and src/words/. Do not edit. -->

A flag file is YAML and says what the configs of one environment are. \`holdfast export\` writes it, \`plan\`
compares it with an environment, \`apply\` commits what differs: see [flags as code](../how-to/gitops.md). An
example that is tested is \`examples/gitops/flags.yaml\`. What \`export\` writes is read as the same configs,
byte for byte, apart from ids and projects, which belong to an environment. Errors name line and column.

\`\`\`yaml
holdfast: 1
configs:
  new-checkout:
    type: flag
    description: The checkout of spring
    clientSide: true
    rules:
      - when: in segment beta-testers
        value: true
      - when:
          - app.version >= 1.2.0
          - user.country is one of [NL, DE]
        rollout: 10% by user.key
    default: false
\`\`\`

\`holdfast: 1\` is the version of the form, and \`configs\` is a map by key. Aliases, merge keys and keys that are
given twice are refused. Configs that the file does not name stay, unless \`--prune\` deletes them.`;

function configs(): string {
  const types = Object.entries(CONFIG_TYPES).map(([word, type]) => {
    const usual = Object.keys(VALUE_TYPE_WORDS).find(
      (each) => VALUE_TYPE_WORDS[each] !== undefined && VALUE_TYPE_WORDS[each] === USUAL_VALUE_TYPES[type],
    );
    return [`\`${word}\``, `\`${type}\``, usual === undefined ? '' : `\`${usual}\``];
  });
  return `## Configs

${fieldList(configSchema)}

The values are those of the environment that the file is applied to, whichever it is: the file names none.
\`elsewhere\` has what environments without values of their own get, and \`everywhere: true\` says that this
config has such values only. A config that has rows of further environments has no form of its own, and is
written as \`proto\`. The description is the property \`description\` of the first row.

${table(['type', 'in the data model', 'value type without valueType'], types)}

A \`flag\` or \`config\` without \`valueType\` has the type of its default, or of its first rule's value, if
that is clear: \`true\` is bool, \`5\` is int, \`0.5\` is double, \`hello\` is string, a list of texts is
string-list, a map is json. \`type: deleted\` deletes the config.`;
}

function rules(): string {
  return `## Rules

${fieldList(ruleSchema)}

A rule has \`when\`, and either a value or a rollout. The conditions of a list must all hold, and
so must those joined by \`and\`; an empty list always holds. There is no \`or\`: list values in brackets, write a second rule, or make a segment.`;
}

function conditions(): string {
  const compared = operatorWords.map(({ operator, words, operand }) => {
    const { name, form, example } = OPERANDS[operand];
    return [`\`${words}\``, form, `\`${name} ${words} ${example}\``, `\`${operator}\``];
  });
  const segments = Object.entries(segmentWords).map(([operator, words]) => [
    `\`${words}\``,
    'the key of a segment',
    `\`${words} beta-testers\``,
    `\`${operator}\``,
  ]);
  return `## Conditions

\`\`\`text
conditions = condition { "and" condition }
condition  = property operator operand
           | [ "not" ] "in segment" text
           | JSON object
list       = text { "," text } | [ "one of" | "any of" ] "[" [ text { "," text } ] "]"
range      = number "to below" number
text       = word | JSON string
\`\`\`

${table(['words', 'right-hand side', 'example', 'in the data model'], [...compared, ...segments])}

- A property is its name, such as \`user.email\`; a JSON string, such as \`"my property"\`, where it has spaces,
  is one of the words of the grammar, or has one of \`" , [ ] { } < > = ! ~\`.
- A text is a bare word, such as \`@acme.com\`, or a JSON string: with spaces, commas, brackets, braces and
  quotes, for the empty text, and for words such as \`and\`, \`one\` and \`present\`. Words of operators are
  read in any case; names and texts are not changed.
- Whether \`<\` and \`>\` compare numbers or versions is said by the operand: \`18\` is a number, \`1.2.0\` a
  version. With versions, \`>=\` is two rules, one with \`=\` and one with \`>\`, and is exported as two; \`<=\`
  likewise.
- A date alone, such as \`2027-01-31\`, is its beginning in UTC.
- A slash in an expression is written \`\\/\`; an expression can also be a JSON string.
- What has no words is the JSON of a criterion, as in a datafile. So is a constant with a name:
  \`${JSON.stringify(noted)}\`.
- An operator as other products write it, such as \`==\` or \`startsWith\`, is an error that names the right one.`;
}

function rollouts(): string {
  return `## Rollouts

\`rollout: 25% by user.key\` is true for a quarter of all users and false for the others, in configs of type
bool. Everything else is a map:

\`\`\`yaml
rollout:
  by: user.key
  values:
    - 33.3%: green
    - 33.3%: blue
    - 33.4%: red
\`\`\`

${fieldList(rolloutSchema)}

Shares have at most six decimals and add up to 100 %. Weights that do not, such as 1 and 2, are exported as
\`weights\`, so that nothing is rounded. Either \`by\` or \`random: true\` is given.`;
}

function values(): string {
  const rows = Object.keys(VALUE_TYPE_WORDS).map((word) => [`\`${word}\``, VALUES[word] ?? '']);
  return `## Values

${table(['value type', 'written as'], rows)}

The long form is a map of keys that begin with \`$\`. It has one of \`$value\`, \`$env\` and \`$proto\`:

${fieldList(valueSchema)}`;
}

const schema = `## Schema

[flag-file.schema.json](flag-file.schema.json) is a JSON Schema (draft 7) of this form. It does not read the
words of conditions; \`plan\` does. Exported files name it for editors that use yaml-language-server, such as VS
Code with the YAML extension. Put it next to the file, once for each version of Holdfast:

\`\`\`sh
npx holdfast export --format schema > flag-file.schema.json
\`\`\`
`;

function fieldList(fields: Readonly<Record<string, FlagFileSchema>>): string {
  return Object.entries(fields)
    .map(([name, { description }]) => `- \`${name}\`: ${marked(String(description))}`)
    .join('\n');
}

/** Code in quotes as code. */
function marked(text: string): string {
  return text.replace(/"([^"]+)"/g, '`$1`');
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
