/** Readers of parsed input whose form is only partly known. Pure. */
import { HoldfastError } from '../core/errors.js';
import { NotConvertible } from './condition.js';

/** A parsed object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for an object that is no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The object at a place of the whole input.
 *
 * @throws HoldfastError `field_invalid`: the input is of another form, so nothing of it is read
 */
export function requireObject(value: unknown, place: string): JsonObject {
  if (isObject(value)) return value;
  throw new HoldfastError('field_invalid', `${place} must be an object. Is it a file of that product?`, {
    field: place,
  });
}

/** The list at a place of a flag; an absent one is empty. @throws NotConvertible */
export function listOf(value: unknown, place: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new NotConvertible(`${place} is no list`);
}

/** The object at a place of a flag. @throws NotConvertible */
export function objectOf(value: unknown, place: string): JsonObject {
  if (isObject(value)) return value;
  throw new NotConvertible(`${place} is no object`);
}

/** The text at a place of a flag. @throws NotConvertible */
export function textOf(value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  throw new NotConvertible(`${place} is no text`);
}

/** The property that rules read for an attribute: one without a dot is of the context `user`. */
export function propertyOf(attribute: string): string {
  return attribute.includes('.') ? attribute : `user.${attribute}`;
}

/** The property of the targeting key of OpenFeature and of keys of users. */
export const USER_KEY = 'user.key';
