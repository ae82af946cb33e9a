/** Converts the values of configs to the values that leave the evaluator. */
import type { Config, ConfigValue } from '../ruleset/model.js';
import { DURATION, kindByType, kindOf } from '../ruleset/values.js';
import type { LoggerLevel, Unresolved, Value } from './result.js';
import { exactInteger } from './numbers.js';

/** The reason why a config has no value although a rule applied. */
export type NoValue = Extract<Unresolved['why'], 'withheld' | 'unreadable'>;

const LEVELS: readonly string[] = [
  'TRACE',
  'DEBUG',
  'INFO',
  'WARN',
  'ERROR',
  'FATAL',
] satisfies LoggerLevel[];

/** Most values are one of these two, so they are created once. */
const TRUE: Value = Object.freeze({ kind: 'bool', value: true });
const FALSE: Value = Object.freeze({ kind: 'bool', value: false });

/** Converts a value that is not weighted. */
export function readValue(value: ConfigValue | undefined, { valueType }: Config): Value | NoValue {
  if (value === undefined) return 'unreadable';
  if (value.provided !== undefined || value.decryptWith !== undefined) return 'withheld';
  const kind = kindOf(value);
  if (valueType !== undefined && valueType in kindByType && kindByType[valueType] !== kind)
    return 'unreadable';
  return readKind(value) ?? 'unreadable';
}

function readKind(value: ConfigValue): Value | undefined {
  if (value.bool !== undefined) return value.bool ? TRUE : FALSE;
  if (value.string !== undefined) return Object.freeze({ kind: 'string', value: value.string });
  if (value.int !== undefined) return Object.freeze({ kind: 'int', value: exactInteger(value.int) });
  if (value.double !== undefined) return Object.freeze({ kind: 'double', value: Number(value.double) });
  if (value.stringList !== undefined) {
    return Object.freeze({ kind: 'stringList', value: Object.freeze(value.stringList.values ?? []) });
  }
  if (value.json !== undefined) return readJson(value.json.json ?? '');
  if (value.duration !== undefined) return readDuration(value.duration.definition ?? '');
  return value.logLevel === undefined ? undefined : readLevel(value.logLevel);
}

function readLevel(name: string): Value | undefined {
  return LEVELS.includes(name) ? Object.freeze({ kind: 'logLevel', value: name as LoggerLevel }) : undefined;
}

const SECONDS = { day: 86_400, hour: 3_600, minute: 60 };

function readDuration(definition: string): Value | undefined {
  const match = DURATION.exec(definition);
  if (match === null) return undefined;
  const [days, hours, minutes, seconds] = [match[1], match[4], match[6], match[8]].map((part) =>
    Number.parseFloat(part ?? '0'),
  ) as [number, number, number, number];
  const milliseconds =
    (days * SECONDS.day + hours * SECONDS.hour + minutes * SECONDS.minute + seconds) * 1000;
  return Object.freeze({ kind: 'duration', definition, milliseconds });
}

/**
 * Parses the text when the value is first read: protocols that pass the text on never read it, and
 * then memory holds it once.
 */
function readJson(text: string): Value | undefined {
  if (!isJson(text)) return undefined;
  let parsed: { readonly value: unknown } | undefined;
  return Object.freeze({
    kind: 'json',
    text,
    get value() {
      parsed ??= { value: deepFreeze(JSON.parse(text)) };
      return parsed.value;
    },
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Without recursion, because a text of 48 KB can be 24,000 lists in lists. */
function deepFreeze(root: unknown): unknown {
  const open = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value === 'object' && value !== null) {
      Object.freeze(value);
      for (const member of Object.values(value)) open.push(member);
    }
  }
  return root;
}
