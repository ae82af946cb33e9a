/** The commands that edit rules, rollouts and segments in words. */
import { defineCommand, listOption, requiredOption, textOption } from '../command.js';

const edited =
  '{"key", "version", "before", "after", "lines"}: configs as in a datafile, and what changed in words';

const message = textOption('<text>', 'why, for the history; at most 500 characters');
const conditions = {
  ...listOption('<conditions>', 'conditions in words; given several times, all must hold'),
  required: true,
} as const;

/** Declares the commands that edit rules, rollouts and segments. */
export const ruleCommands = [
  defineCommand({
    name: 'rule list',
    group: 'Flags',
    summary: 'list the rules of a config in the order in which they are tried',
    examples: [
      { line: 'rule list flag.new-checkout', does: 'prints the rules with their numbers, the default last' },
    ],
    arguments: ['<key>'],
    connections: ['url', 'token', 'key', 'environment'],
    json: '{"key", "environment", "rules": [{"number", "text"}]}; the default has no number',
    run: async (context, [key]) => {
      const { ruleList } = await import('../commands/rules.js');
      await ruleList(context, key);
    },
  }),
  defineCommand({
    name: 'rule add',
    group: 'Flags',
    summary: 'add a rule: a value for the contexts for which conditions hold',
    details:
      'The first rule whose conditions all hold decides, so a new rule comes after the others and before the default; --at gives it another place.',
    examples: [
      {
        line: "rule add flag.search --if 'user.email ends with @acme.com' --then on",
        does: 'turns a flag on for the people of a company',
      },
      {
        line: "rule add flag.search --at 1 --if 'in segment beta' --then 25%",
        does: 'turns it on for a quarter of a segment, before any other rule',
      },
    ],
    arguments: ['<key>'],
    options: {
      if: conditions,
      then: requiredOption('<value>', 'value that they get; for a flag also a percentage, such as 25%'),
      by: textOption('<property>', 'property that decides who is in the percentage; default: user.key'),
      at: textOption('<number>', 'number that the rule gets; default: the last'),
      message,
    },
    connections: ['url', 'token', 'environment'],
    json: edited,
    run: async (context, [key], { if: given = [], then, by, at, message }) => {
      const { ruleAdd } = await import('../commands/rules.js');
      await ruleAdd(context, key, { conditions: given, then, by, at, message });
    },
  }),
  defineCommand({
    name: 'rule move',
    group: 'Flags',
    summary: 'give a rule another number, and so another place',
    examples: [{ line: 'rule move flag.new-checkout 3 1', does: 'tries the third rule before the others' }],
    arguments: ['<key>', '<from>', '<to>'],
    options: { message },
    connections: ['url', 'token', 'environment'],
    json: edited,
    run: async (context, [key, from, to], { message }) => {
      const { ruleMove } = await import('../commands/rules.js');
      await ruleMove(context, key, [from, to], { message });
    },
  }),
  defineCommand({
    name: 'rule remove',
    group: 'Flags',
    summary: 'remove a rule',
    examples: [
      { line: 'rule remove flag.new-checkout 2', does: 'removes the rule that rule list prints as 2' },
    ],
    arguments: ['<key>', '<number>'],
    options: { message },
    connections: ['url', 'token', 'environment'],
    json: edited,
    run: async (context, [key, number], { message }) => {
      const { ruleRemove } = await import('../commands/rules.js');
      await ruleRemove(context, key, number, { message });
    },
  }),
  defineCommand({
    name: 'rollout',
    group: 'Flags',
    summary: 'give a percentage of the contexts that no rule decides a value',
    details:
      'For a flag the percentage gets true and the rest false. For other types --to says what the percentage gets; the rest gets the present value. A larger percentage contains the smaller one, as long as the property stays the same. 0 and 100 set the plain value and forget the property.',
    examples: [
      { line: 'rollout flag.new-checkout 25', does: 'turns a flag on for a quarter of all users' },
      {
        line: 'rollout flag.new-checkout 12.5 --by team.key',
        does: 'for an eighth of the teams, so that all users of a team see the same',
      },
      { line: "rollout site.greeting 50 --to 'Hi'", does: 'gives half of all users another text' },
    ],
    arguments: ['<key>', '<percentage>'],
    options: {
      by: textOption(
        '<property>',
        'property that decides who is in the percentage; default: that of the present rollout, else user.key',
      ),
      to: textOption('<value>', 'value that the percentage gets; default for a flag: true'),
      message,
    },
    connections: ['url', 'token', 'environment'],
    json: edited,
    run: async (context, [key, percentage], { by, to, message }) => {
      const { rolloutConfig } = await import('../commands/rules.js');
      await rolloutConfig(context, key, percentage, { by, to, message });
    },
  }),
  defineCommand({
    name: 'segment list',
    group: 'Flags',
    summary: 'list the segments and the configs that use them',
    examples: [{ line: 'segment list', does: 'shows which groups rules can refer to' }],
    connections: ['url', 'token', 'key', 'environment'],
    json: '{"segments": [{"key", "summary", "usedBy"}]}',
    run: async (context) => {
      const { segmentList } = await import('../commands/segments.js');
      await segmentList(context);
    },
  }),
  defineCommand({
    name: 'segment show',
    group: 'Flags',
    summary: 'show a segment in words, and the configs that use it',
    examples: [{ line: 'segment show segment.beta-testers', does: 'prints its conditions and its users' }],
    arguments: ['<key>'],
    connections: ['url', 'token', 'key', 'environment'],
    json: '{"segment", "usedBy"}: the config as in a datafile, and keys',
    run: async (context, [key]) => {
      const { segmentShow } = await import('../commands/segments.js');
      await segmentShow(context, key);
    },
  }),
  defineCommand({
    name: 'segment create',
    group: 'Flags',
    summary: 'create a segment: the contexts for which conditions hold',
    details:
      'All conditions must hold. For another group that belongs to it too, add a rule: rule add KEY --if … --then true.',
    examples: [
      {
        line: "segment create segment.staff --if 'user.email ends with @acme.com'",
        does: "makes a group that rules name by 'in segment segment.staff'",
      },
    ],
    arguments: ['<key>'],
    options: { if: conditions, message },
    connections: ['url', 'token', 'environment'],
    json: edited,
    run: async (context, [key], { if: given = [], message }) => {
      const { segmentCreate } = await import('../commands/segments.js');
      await segmentCreate(context, key, { conditions: given, message });
    },
  }),
  defineCommand({
    name: 'segment delete',
    group: 'Flags',
    summary: 'delete a segment that no config uses',
    examples: [{ line: 'segment delete segment.staff', does: 'removes it, or says which configs use it' }],
    arguments: ['<key>'],
    options: { message },
    connections: ['url', 'token', 'environment'],
    json: edited,
    run: async (context, [key], { message }) => {
      const { segmentDelete } = await import('../commands/segments.js');
      await segmentDelete(context, key, { message });
    },
  }),
];
