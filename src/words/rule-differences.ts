/** The differences between two lists of rules. */
import { isDeepStrictEqual } from 'node:util';
import type { ConditionalValue, Criterion } from '../ruleset/model.js';
import { describeConditions, describeEntries, describeRule } from './configs.js';
import { writeName } from './literals.js';
import { operatorWords } from './operators.js';
import { describeValue, isConfidential } from './values.js';

/** Above this product of lengths, rules are compared without their order: a table of pairs is 4 MB. */
const LARGEST_TABLE = 1_000_000;

/** Removed rules that an added one is compared with, to find the one that it was. */
const MOST_PAIRS = 50;

/** A rule with its number, from 1, and its content as text, by which it is compared. */
interface Numbered {
  readonly rule: ConditionalValue;
  readonly number: number;
  readonly text: string;
}

/** A stretch in which the two lists differ. */
interface Hunk {
  readonly removed: readonly Numbered[];
  readonly added: readonly Numbered[];
  /** True when the order was not compared. */
  readonly isLarge?: true;
}

/**
 * The differences between two lists of rules.
 *
 * @param where words after the name of a rule, such as ` in the default row`, or nothing
 */
export function ruleDifferences(
  before: readonly ConditionalValue[],
  after: readonly ConditionalValue[],
  where: string,
): string[] {
  const hunks = hunksOf(before.map(numbered), after.map(numbered));
  // A rule that was removed in one place and added as it was in another has moved.
  const moved = movedRules(hunks);
  const origins = new Set(moved.values());
  return hunks.flatMap(({ removed, added, isLarge }) => {
    const [left, present] = [removed.filter((each) => !origins.has(each)), added];
    if (isLarge !== true) return hunkLines(left, present, moved, where);
    const lines = hunkLines(
      left,
      present.filter((each) => !moved.has(each)),
      moved,
      where,
    );
    return moved.size > 0 ? [...lines, `~ ${moved.size} rules${where} have other numbers`] : lines;
  });
}

function numbered(rule: ConditionalValue, index: number): Numbered {
  return { rule, number: index + 1, text: JSON.stringify(rule) };
}

function movedRules(hunks: readonly Hunk[]): Map<Numbered, Numbered> {
  const removed = new Map<string, Numbered[]>();
  for (const each of hunks.flatMap((hunk) => hunk.removed)) {
    const same = removed.get(each.text);
    if (same === undefined) removed.set(each.text, [each]);
    else same.push(each);
  }
  const moved = new Map<Numbered, Numbered>();
  for (const each of hunks.flatMap((hunk) => hunk.added)) {
    const from = removed.get(each.text)?.shift();
    if (from !== undefined) moved.set(each, from);
  }
  return moved;
}

function hunkLines(
  removed: readonly Numbered[],
  added: readonly Numbered[],
  moved: ReadonlyMap<Numbered, Numbered>,
  where: string,
): string[] {
  const lines: string[] = [];
  const left = [...removed];
  for (const each of added) {
    const from = moved.get(each);
    if (from !== undefined) {
      lines.push(`~ ${nameOf(from, where)} is now rule ${each.number}: ${describeRule(each.rule)}`);
      continue;
    }
    const at = left.slice(0, MOST_PAIRS).findIndex(({ rule }) => changeOf(rule, each.rule) !== undefined);
    const old = left[at];
    const change = old && changeOf(old.rule, each.rule);
    if (old === undefined || change === undefined) {
      lines.push(`+ ${nameOf(each, where)}: ${describeRule(each.rule)}`);
      continue;
    }
    left.splice(at, 1);
    lines.push(...change.map((text) => `~ ${nameOf(old, where)}: ${text}`));
  }
  return [...left.map((each) => `- ${nameOf(each, where)}: ${describeRule(each.rule)}`), ...lines];
}

function nameOf({ rule: { criteria = [] }, number }: Numbered, where: string): string {
  return criteria.length === 0 && where === ''
    ? 'default'
    : `${criteria.length === 0 ? 'default' : `rule ${number}`}${where}`;
}

/**
 * The difference between two rules of which one became the other: they have the same conditions, or
 * differ in the list of one. `undefined` for rules that are not alike.
 */
function changeOf(before: ConditionalValue, after: ConditionalValue): string[] | undefined {
  const value = isDeepStrictEqual(before.value, after.value) ? [] : [valueChange(before, after)];
  const { criteria: old = [] } = before;
  const { criteria: present = [] } = after;
  if (isDeepStrictEqual(old, present)) return value;
  if (old.length !== present.length) return undefined;
  const pairs = old.map((criterion, i) => [criterion, present[i] ?? {}] as const);
  const changed = pairs.filter(([a, b]) => !isDeepStrictEqual(a, b));
  const [pair] = changed;
  const change = pair === undefined || changed.length > 1 ? undefined : listChange(...pair);
  return change === undefined ? undefined : [change, ...value];
}

function valueChange(before: ConditionalValue, after: ConditionalValue): string {
  const { criteria = [] } = after;
  const when = criteria.length === 0 ? '' : `when ${describeConditions(criteria)} then `;
  return `${when}${valueDifference(before.value, after.value)}`;
}

/** Two values with an arrow; where both read alike, with more of them or with a word about it. */
function valueDifference(before: ConditionalValue['value'], after: ConditionalValue['value']): string {
  for (const longest of [160, 2_000]) {
    const [old, present] = [describeValue(before, longest), describeValue(after, longest)];
    if (old !== present) return `${old} → ${present}`;
  }
  if (before !== undefined && isConfidential(before)) return '(confidential) → another confidential value';
  return `${describeValue(before, 160)} → another value that begins or reads alike`;
}

/** Entries that were added to and removed from a list, unless most of them were. */
function listChange(before: Criterion, after: Criterion): string | undefined {
  const { stringList: old } = before.valueToMatch ?? {};
  const { stringList: present } = after.valueToMatch ?? {};
  if (old === undefined || present === undefined) return undefined;
  if (before.propertyName !== after.propertyName || before.operator !== after.operator) return undefined;
  const [from, to] = [new Set(old.values), new Set(present.values)];
  const removed = [...from].filter((entry) => !to.has(entry));
  const added = [...to].filter((entry) => !from.has(entry));
  if (removed.length === from.size && from.size > 0) return undefined;
  const parts = [
    ...(added.length > 0 ? [`added ${describeEntries(added)}`] : []),
    ...(removed.length > 0 ? [`removed ${describeEntries(removed)}`] : []),
  ];
  const words = operatorWords.find(({ operator }) => operator === after.operator)?.words ?? after.operator;
  return `${writeName(after.propertyName ?? '')} ${words}: ${parts.length === 0 ? 'the order of the list changed' : parts.join('; ')}`;
}

/** The longest common subsequence decides which rules stayed. */
function hunksOf(before: readonly Numbered[], after: readonly Numbered[]): Hunk[] {
  let start = 0;
  while (start < before.length && before[start]?.text === after[start]?.text) start++;
  let end = 0;
  const longest = Math.min(before.length, after.length) - start;
  while (end < longest && before.at(-1 - end)?.text === after.at(-1 - end)?.text) end++;
  const old = before.slice(start, before.length - end);
  const present = after.slice(start, after.length - end);
  if (old.length === 0 && present.length === 0) return [];
  return old.length * present.length > LARGEST_TABLE
    ? [{ removed: old, added: present, isLarge: true }]
    : splitHunk(old, present);
}

function splitHunk(old: readonly Numbered[], present: readonly Numbered[]): Hunk[] {
  const lengths = commonLengths(old, present);
  const length = (i: number, j: number) => lengths[i * (present.length + 1) + j] ?? 0;
  const hunks: Hunk[] = [];
  let removed: Numbered[] = [];
  let added: Numbered[] = [];
  const close = () => {
    if (removed.length + added.length > 0) hunks.push({ removed, added });
    [removed, added] = [[], []];
  };
  let [i, j] = [0, 0];
  while (i < old.length || j < present.length) {
    const [a, b] = [old[i], present[j]];
    if (a !== undefined && a.text === b?.text) {
      close();
      i++;
      j++;
    } else if (a !== undefined && (b === undefined || length(i + 1, j) >= length(i, j + 1))) {
      removed.push(a);
      i++;
    } else {
      if (b !== undefined) added.push(b);
      j++;
    }
  }
  close();
  return hunks;
}

/** The length of the longest common subsequence of the two lists from each pair of places on. */
function commonLengths(old: readonly Numbered[], present: readonly Numbered[]): Uint32Array {
  const width = present.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = present.length - 1; j >= 0; j--) {
      const same = old[i]?.text === present[j]?.text;
      const [down, right] = [lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0];
      lengths[i * width + j] = same ? 1 + (lengths[(i + 1) * width + j + 1] ?? 0) : Math.max(down, right);
    }
  }
  return lengths;
}
