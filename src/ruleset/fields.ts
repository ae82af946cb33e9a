/**
 * The common part of the two strict readers, json.ts and wire.ts: the declared fields of a message
 * by name and number, the names of fields in errors, and the limit of nesting.
 */
import type { Field, OneOf, Type } from 'protobufjs';
import { HoldfastError, type ErrorCode } from '../core/errors.js';

/**
 * Messages inside messages, counted from the outermost. A valid change needs 9 (a list in a
 * weighted value); the limit keeps a small body of many levels from exhausting the stack.
 */
export const MAX_DEPTH = 32;

/** The declared fields of a message. */
export interface Shape {
  /**
   * Indexed by the camelCase name, and by the original snake_case name, which proto3-JSON readers
   * accept too.
   */
  readonly byName: ReadonlyMap<string, Field>;
  readonly byNumber: ReadonlyMap<number, Field>;
}

const shapes = new WeakMap<Type, Shape>();

/** The declared fields of a message type. */
export function shapeOf(type: Type): Shape {
  const known = shapes.get(type);
  if (known !== undefined) return known;
  const names = type.fieldsArray.flatMap((field): [string, Field][] => [
    [field.name, field],
    [snakeCase(field.name), field],
  ]);
  const shape = {
    byName: new Map(names),
    byNumber: new Map(type.fieldsArray.map((field) => [field.id, field])),
  };
  shapes.set(type, shape);
  return shape;
}

/**
 * The unit that a message may contain once: a field, or one field of a oneof. An `optional` field
 * is the only one of a oneof of its own.
 */
export function slotOf(field: Field): Field | OneOf {
  return field.partOf ?? field;
}

/** The path of a member: `configs[3]` and `key` give `configs[3].key`. */
export function member(field: string, name: string): string {
  return field === '' ? name : `${field}.${name}`;
}

/** A name from outside, shortened, and safe inside a sentence or a path. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}

/**
 * The error for a field: `predicate` follows its path in the sentence and says what would be right.
 */
export function refusalOf(
  field: string,
  predicate: string,
  code: ErrorCode = 'field_invalid',
): HoldfastError {
  return new HoldfastError(code, `${field} ${predicate}`, { field });
}

/** Throws `refusalOf` of the same arguments. */
export function refuse(field: string, predicate: string, code: ErrorCode = 'field_invalid'): never {
  throw refusalOf(field, predicate, code);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
