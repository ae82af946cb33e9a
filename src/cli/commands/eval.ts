/** `eval`: the value of a config for a context, and why. */
import { environmentPath } from '../api.js';
import { answer, type CommandContext } from '../context.js';
import { UsageError } from '../io.js';
import type { Printer } from '../printer.js';

interface RuleText {
  readonly index: number;
  readonly text: string;
}

/** An evaluation as the server explains it. */
interface Explained {
  readonly key: string;
  readonly reason: string;
  readonly text?: string;
  readonly confidential?: true;
  readonly unresolved?: 'missing' | 'unmatched' | 'withheld' | 'unreadable';
  readonly rule?: RuleText;
  readonly earlier: readonly (RuleText & { readonly failed: string; readonly actual?: string })[];
}

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
  const { evaluations, ignored = [] } = reply.body as {
    evaluations: readonly [Explained];
    ignored?: readonly string[];
  };
  const [explained] = evaluations;
  answer(context, explained, (out) => {
    print(explained, out);
  });
  for (const attribute of ignored) context.err.line(`${attribute} is ignored: no rule could read it.`);
}

function print(
  { key, reason, text, confidential, unresolved, rule, earlier }: Explained,
  out: Printer,
): void {
  const value = confidential === true ? '(confidential)' : (text ?? '');
  out.line(
    unresolved === undefined ? `${key} is ${value} (${reason})` : `${key} has ${NO_VALUE[unresolved]}`,
  );
  for (const { index, text: words, failed, actual } of earlier) {
    out.line(`  ✗ ${index + 1}. ${words}`);
    const has = actual === undefined ? 'the context has no value for it' : `the context has ${actual}`;
    const isSegment = /^(not )?in segment /.test(failed);
    out.line(isSegment ? `       not so: ${failed}` : `       not so: ${failed} (${has})`);
  }
  if (rule !== undefined) out.line(`  ✓ ${rule.index + 1}. ${rule.text}`);
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
