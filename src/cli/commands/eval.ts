/** `eval`: the value of a config for a context, and why. */
import { environmentPath } from '../api.js';
import { answer, type CommandContext } from '../context.js';
import { UsageError } from '../io.js';
import type { Printer } from '../printer.js';

interface RuleText {
  readonly index: number;
  readonly text: string;
}

interface FailedText extends RuleText {
  readonly failed: string;
  readonly actual?: string;
  readonly segment?: string;
}

interface DecidedText extends RuleText {
  readonly segments?: readonly string[];
}

/** A segment that a condition asks for, as the server explains it. */
interface SegmentText {
  readonly key: string;
  readonly member: boolean;
  readonly unresolved?: keyof typeof NO_VALUE;
  readonly rule?: DecidedText;
  readonly earlier: readonly FailedText[];
}

/** An evaluation as the server explains it. */
interface Explained {
  readonly key: string;
  readonly reason: string;
  readonly text?: string;
  readonly confidential?: true;
  readonly unresolved?: keyof typeof NO_VALUE;
  readonly rule?: DecidedText;
  readonly earlier: readonly FailedText[];
}

/** Segments inside of segments that are explained; `eval` of one of them explains what is deeper. */
const DEEPEST = 6;

const NO_VALUE = {
  missing: 'no value: there is no such config',
  unmatched: 'no value: no rule applies, and there is no other value',
  withheld: "no value here: it is made on an SDK's machine",
  unreadable: 'no value: it is not of the kind that the config says',
} as const;

/** Prints the value of a config for a context, and the rules that led to it; `eval`. */
export async function explainConfig(
  context: CommandContext,
  key: string,
  attributes: readonly string[],
): Promise<void> {
  const body = { keys: [key], context: contextOf(attributes) };
  const api = await context.api();
  const path = `${environmentPath(context.environment())}/evaluate`;
  const reply = await api.request('POST', path, { as: 'admin', body });
  const {
    evaluations,
    segments = [],
    ignored = [],
  } = reply.body as {
    evaluations: readonly [Explained];
    segments?: readonly SegmentText[];
    ignored?: readonly string[];
  };
  const [explained] = evaluations;
  answer(context, { ...explained, segments }, (out) => {
    printValue(explained, out);
    printRules(explained, out, {
      segments: new Map(segments.map((each) => [each.key, each])),
      shown: new Set(),
      depth: 0,
    });
  });
  for (const attribute of ignored) context.err.line(`${attribute} is ignored: no rule could read it.`);
}

function printValue({ key, reason, text, confidential, unresolved }: Explained, out: Printer): void {
  const value = confidential === true ? '(confidential)' : (text ?? '');
  out.line(
    unresolved === undefined ? `${key} is ${value} (${reason})` : `${key} has ${NO_VALUE[unresolved]}`,
  );
}

/** The segments that can be explained, those that were, and how deep the rules that are printed are. */
interface Explaining {
  readonly segments: ReadonlyMap<string, SegmentText>;
  readonly shown: Set<string>;
  readonly depth: number;
}

function printRules(
  { rule, earlier }: Pick<Explained, 'rule' | 'earlier'>,
  out: Printer,
  explaining: Explaining,
): void {
  const indent = '       '.repeat(explaining.depth);
  for (const { index, text, failed, actual, segment } of earlier) {
    out.line(`${indent}  ✗ ${index + 1}. ${text}`);
    const has = actual === undefined ? 'the context has no value for it' : `the context has ${actual}`;
    if (segment === undefined) out.line(`${indent}       not so: ${failed} (${has})`);
    else printSegment(segment, `${indent}       not so: ${failed}`, out, explaining);
  }
  if (rule === undefined) return;
  out.line(`${indent}  ✓ ${rule.index + 1}. ${rule.text}`);
  for (const segment of rule.segments ?? []) {
    const isMember = explaining.segments.get(segment)?.member === true;
    printSegment(segment, `${indent}       ${isMember ? '' : 'not '}in segment ${segment}`, out, explaining);
  }
}

/** Prints a condition on a segment, and why the context is in it or not. */
function printSegment(key: string, line: string, out: Printer, explaining: Explaining): void {
  const { segments, shown, depth } = explaining;
  const segment = segments.get(key);
  if (segment === undefined) {
    out.line(line);
  } else if (segment.unresolved !== undefined && segment.unresolved !== 'unmatched') {
    out.line(
      `${line} (${segment.unresolved === 'missing' ? 'there is no such segment' : 'it cannot be read'})`,
    );
  } else if (shown.has(key)) {
    out.line(`${line} (as above)`);
  } else if (depth >= DEEPEST) {
    out.line(`${line} (holdfast eval ${key} says why)`);
  } else {
    shown.add(key);
    out.line(line);
    printRules(segment, out, { segments, shown, depth: depth + 1 });
  }
}

/**
 * Reads `name=value`. Values that are numbers or true or false in JSON are these, a list in JSON is
 * a list, and anything else is text; in quotes it is text too.
 *
 * @throws UsageError
 */
export function contextOf(attributes: readonly string[]): Record<string, unknown> {
  const context: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const attribute of attributes) {
    const at = attribute.indexOf('=');
    if (at < 1) {
      throw new UsageError(
        `--context must be a name and a value, such as user.email=a@acme.com, not ${JSON.stringify(attribute)}.`,
      );
    }
    const name = attribute.slice(0, at);
    if (Object.hasOwn(context, name)) throw new UsageError(`--context has ${JSON.stringify(name)} twice.`);
    context[name] = valueOf(attribute.slice(at + 1));
  }
  return context;
}

function valueOf(text: string): unknown {
  if (!/^(-?\d|true$|false$|["[])/.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    // A number that JSON would round is an identifier.
    return typeof value === 'number' && String(value) !== text ? text : value;
  } catch {
    return text;
  }
}
