/**
 * A value in OpenFeature's form: JSON, whose type is the flag's type; and the name of its variant.
 * Pure. docs/openfeature.md has the tables. [protocol] #openfeature
 */
import { createHash } from 'node:crypto';
import type { Value } from '../evaluate/result.js';
import { doubleJson } from '../ruleset/double.js';

/**
 * Longer texts name their variant by a digest: a variant ends up in telemetry, where it is a label.
 * Characters.
 */
export const VARIANT_TEXT_MAX = 64;

/**
 * Writes a value as JSON text, because JSON.stringify has no form for integers above 2^53, and
 * because JSON is text already. `undefined` when there is no value to give: JSON's null, and
 * numbers that JSON lacks (NaN, infinities).
 */
export function ofrepJsonOf(value: Value): string | undefined {
  switch (value.kind) {
    case 'int':
      return `${value.value}`;
    case 'double':
      return doubleJson(value.value);
    case 'json':
      // Not by `value`, which would have to be parsed for this.
      return value.text.trim() === 'null' ? undefined : value.text;
    case 'duration':
      return JSON.stringify(value.definition);
    case 'bool':
    case 'string':
    case 'stringList':
    case 'logLevel':
      return JSON.stringify(value.value);
  }
}

/**
 * Names a variant that has no name of its own: the value itself where that is short, else its kind
 * and a digest. So the same value is the same variant, whichever rule gave it, and remains so when
 * rules are reordered.
 */
export function variantOf(value: Value): string {
  switch (value.kind) {
    case 'bool':
    case 'int':
    case 'double':
    case 'logLevel':
      return `${value.value}`;
    case 'duration':
      return short('duration', value.definition);
    case 'string':
      return short('string', value.value);
    case 'stringList':
      return digest('stringList', JSON.stringify(value.value));
    case 'json':
      return digest('json', value.text);
  }
}

function short(kind: string, text: string): string {
  return text !== '' && text.length <= VARIANT_TEXT_MAX ? text : digest(kind, text);
}

function digest(kind: string, text: string): string {
  return `${kind}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}
