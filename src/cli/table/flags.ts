/** The commands that read and change configs. */
import { WRITTEN_VALUE_TYPES } from '../../flag-file/terms.js';
import {
  choiceOption,
  defineCommand,
  listOption,
  requiredOption,
  switchOption,
  textOption,
} from '../command.js';
import type { ImportSource } from '../../import/convert.js';
import { IMPORT_SOURCES } from '../../import/sources.js';

/** Declares the commands that read and change configs. */
export const flagCommands = [
  defineCommand({
    name: 'show',
    group: 'Flags',
    summary: 'list the configs, or show one',
    details: 'With the admin token, else with an API key and its environment.',
    examples: [
      { line: 'show', does: 'lists all configs with their values' },
      { line: 'show flag.welcome-banner', does: 'shows one of them' },
      { line: 'show --json > backup.json', does: 'writes a datafile, which restore and import read' },
    ],
    arguments: ['[key]'],
    connections: ['url', 'token', 'key', 'environment'],
    json: 'a datafile, which restore and import read; with a key that config alone',
    run: async (context, [key]) => {
      const { showConfigs } = await import('../commands/show.js');
      await showConfigs(context, key);
    },
  }),
  defineCommand({
    name: 'set',
    group: 'Flags',
    summary: 'change what a config evaluates to where no rule matches',
    examples: [
      { line: 'set flag.welcome-banner true', does: 'turns a flag on for everyone whom no rule decides' },
      { line: 'set site.greeting "Good morning"', does: 'changes a text' },
      { line: 'set flag.welcome-banner 10%', does: 'does what rollout flag.welcome-banner 10 does' },
      { line: 'set cache.ttl 5m --type duration --create', does: 'creates a config' },
    ],
    arguments: ['<key>', '<value>'],
    options: {
      type: choiceOption(
        '<type>',
        Object.keys(WRITTEN_VALUE_TYPES),
        "type of the value; default: the config's, else what it looks like",
      ),
      allRules: switchOption('drop the rules too: the value is for everyone'),
      create: switchOption('create the config if there is none'),
      message: textOption('<text>', 'why, for the history; at most 500 characters'),
    },
    connections: ['url', 'token', 'environment'],
    json: '{"key", "version", "before", "after"}, configs as in a datafile; before is null for a new one',
    run: async (context, [key, value], { type, allRules, create, message }) => {
      const { setConfig } = await import('../commands/edit.js');
      await setConfig(context, key, value, {
        type,
        allRules: allRules === true,
        create: create === true,
        message,
      });
    },
  }),
  defineCommand({
    name: 'eval',
    group: 'Flags',
    summary: 'evaluate a config for a context, and say why it has that value',
    details:
      'Names the rule that decided, and for each rule before it the condition that does not hold. Attributes are those of OpenFeature: user.email, or email, which is the same for a rule on user.email.',
    examples: [
      {
        line: 'eval flag.welcome-banner --context user.email=a@acme.com',
        does: 'evaluates it for a user',
      },
      {
        line: 'eval flag.welcome-banner --context user.key=1 --context plan=pro',
        does: 'with several attributes',
      },
    ],
    arguments: ['<key>'],
    options: { context: listOption('<name=value>', 'an attribute of the context; can be repeated') },
    connections: ['url', 'token', 'environment'],
    json: '{"key", "value", "reason", "rule": {"index", "text"}, "earlier": [{"index", "text", "failed", "actual", "segment"}], "segments": [{"key", "member", "rule", "earlier"}]}',
    run: async (context, [key], { context: attributes = [] }) => {
      const { explainConfig } = await import('../commands/eval.js');
      await explainConfig(context, key, attributes);
    },
  }),
  defineCommand({
    name: 'delete',
    group: 'Flags',
    summary: 'delete a config',
    examples: [{ line: 'delete flag.welcome-banner', does: 'removes the flag for all clients' }],
    arguments: ['<key>'],
    options: { message: textOption('<text>', 'why, for the history; at most 500 characters') },
    connections: ['url', 'token', 'environment'],
    json: '{"key", "version", "before"}',
    run: async (context, [key], { message }) => {
      const { deleteConfig } = await import('../commands/edit.js');
      await deleteConfig(context, key, { message });
    },
  }),
  defineCommand({
    name: 'import',
    group: 'Flags',
    summary: 'commit a datafile (proto3-JSON of Configs); - is standard input',
    examples: [
      { line: 'import datafile.json', does: 'commits the configs of a file' },
      {
        line: 'import --remap --environment 2 production.json',
        does: 'commits them into another environment than the one they are of',
      },
    ],
    arguments: ['<file>'],
    options: {
      keepIds: switchOption("keep the file's ids, which must be above the environment's version"),
      remap: switchOption('accept a file of another environment and make its rows rows of this one'),
      message: textOption('<text>', 'why, for the history; at most 500 characters'),
    },
    connections: ['url', 'token', 'environment'],
    json: '{"environment", "configs", "changes", "previous", "version", "skipped"}',
    run: async (context, [file], { keepIds, remap, message }) => {
      const { importFile } = await import('../commands/import.js');
      await importFile(context, file, { keepIds: keepIds === true, remap: remap === true, message });
    },
  }),
  defineCommand({
    name: 'convert',
    group: 'Flags',
    summary: 'write the flags of another product as a flag file, which apply commits',
    details:
      'Prints the file, and on standard error what of each flag has no form here and why. A flag of which a part has none is left out as a whole. Nothing is committed.',
    examples: [
      { line: 'convert --from flagd flags.json > flags.yaml', does: 'converts flag definitions of flagd' },
      {
        line: 'convert --from go-feature-flag flags.yaml | holdfast apply -',
        does: 'converts flags and commits them',
      },
      {
        line: 'convert --strict --from flagd flags.json > flags.yaml',
        does: 'fails unless every flag means the same here',
      },
    ],
    arguments: ['<file>'],
    options: {
      from: {
        ...requiredOption('<product>', 'product that the file is of'),
        choices: IMPORT_SOURCES,
      },
      strict: switchOption('write nothing when a flag is left out or differs'),
      format: choiceOption(
        '<format>',
        ['yaml', 'json'],
        'a flag file (the default), or a datafile for import',
      ),
    },
    json: '{"configs", "findings": [{"subject", "kind", "reason"}]}',
    run: async (context, [file], { from, strict, format = 'yaml' }) => {
      const { convertFile } = await import('../commands/convert.js');
      await convertFile(context, file, { from: from as ImportSource, strict: strict === true, format });
    },
  }),
  defineCommand({
    name: 'export',
    group: 'Flags',
    summary: 'print all configs, or some, as a flag file (YAML) or a datafile (JSON)',
    details: 'The format schema is the JSON Schema of flag files, for editors; it needs no server.',
    examples: [
      { line: 'export > flags.yaml', does: 'writes the environment as a file to edit and apply' },
      { line: 'export new-checkout', does: 'prints one flag as YAML' },
      {
        line: 'export --format json > backup.json',
        does: 'writes a datafile, which restore and import read',
      },
      {
        line: 'export --format schema > flag-file.schema.json',
        does: 'writes the schema that flags.yaml names, for completion in editors',
      },
    ],
    arguments: ['[keys...]'],
    options: {
      format: choiceOption('<format>', ['yaml', 'json', 'schema'], 'yaml, unless given'),
    },
    connections: ['url', 'token', 'key', 'environment'],
    json: 'the same as --format json',
    run: async (context, [keys], { format }) => {
      const { exportConfigs } = await import('../commands/flag-file.js');
      await exportConfigs(context, keys, format ?? 'yaml');
    },
  }),
  defineCommand({
    name: 'plan',
    group: 'Flags',
    summary: 'print what apply would change; exit code 2 when that is something',
    examples: [
      { line: 'plan flags.yaml', does: 'compares a flag file with the environment' },
      { line: 'plan --prune flags.yaml', does: 'counts what the file does not name as deleted' },
    ],
    arguments: ['<file>'],
    options: { prune: switchOption('delete what the file does not name') },
    connections: ['url', 'token', 'environment'],
    json: '{"environment", "version", "configs": [{"key", "kind", "lines"}], "unlisted": [keys]}',
    run: async (context, [file], { prune }) => {
      const { planFile } = await import('../commands/flag-file.js');
      await planFile(context, file, { prune: prune === true });
    },
  }),
  defineCommand({
    name: 'apply',
    group: 'Flags',
    summary: 'commit what differs between a flag file and the environment; - is standard input',
    details: 'A file that says what the environment says commits nothing.',
    examples: [
      { line: 'apply flags.yaml --message "New checkout for 10 %"', does: 'commits the differences' },
      { line: 'apply flags.yaml --prune --yes', does: 'also deletes what the file does not name' },
    ],
    arguments: ['<file>'],
    options: {
      prune: switchOption('delete what the file does not name'),
      yes: switchOption('do not ask before --prune deletes'),
      message: textOption('<text>', 'why, for the history; at most 500 characters'),
    },
    connections: ['url', 'token', 'environment'],
    json: '{"environment", "previous", "version", "configs": [{"key", "kind", "lines"}]}; version is null without changes',
    run: async (context, [file], { prune, yes, message }) => {
      const { applyFile } = await import('../commands/flag-file.js');
      await applyFile(context, file, { prune: prune === true, yes: yes === true, message });
    },
  }),
  defineCommand({
    name: 'tail',
    group: 'Flags',
    summary: 'subscribe as a client does and print each delta, until Ctrl-C',
    examples: [{ line: 'tail', does: 'prints the ruleset, and then each change as it arrives' }],
    connections: ['url', 'key'],
    json: 'a line for each delta: {"version", "environment", "configs"}',
    run: async (context) => {
      const { tail } = await import('../commands/tail.js');
      await tail(context);
    },
  }),
];
