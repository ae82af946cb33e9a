/** A change as bytes, whichever way it came: over HTTP or through the inbox. */
import { runSteps, type Steps } from '../core/steps.js';
import { createHash } from 'node:crypto';
import { HoldfastError, messageOf } from '../core/errors.js';
import { submittedJsonSteps, submittedProtobufSteps, type SubmittedConfig } from '../ruleset/submitted.js';

/** Proto3-JSON of a `Configs`, or its encoded bytes. */
export type Form = 'json' | 'protobuf';

/** The longest key by which a repeat is recognised, characters. */
export const REQUEST_KEY_MAX = 255;

/**
 * Reads the configs of a change.
 *
 * @param words for the sentence about what is not JSON: what it is, and how protobuf would have
 *   been sent
 * @throws HoldfastError `body_invalid`, `field_invalid`
 */
export function readChange(form: Form, bytes: Uint8Array, words: ChangeWords): SubmittedConfig[] {
  return runSteps(changeSteps(form, bytes, words));
}

/** The words of a sentence about a body that is not JSON. */
export interface ChangeWords {
  readonly subject: string;
  readonly protobuf: string;
}

/** Reads a change in steps; see {@link readChange}. */
export function* changeSteps(form: Form, bytes: Uint8Array, words: ChangeWords): Steps<SubmittedConfig[]> {
  if (form === 'protobuf') return yield* submittedProtobufSteps(bytes);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new HoldfastError(
      'body_invalid',
      `${words.subject} is not JSON (${messageOf(error)}): send {"configs": [...]}, or ${words.protobuf}`,
      { cause: error },
    );
  }
  return yield* submittedJsonSteps(value);
}

/** A digest that is the same for repeats of one request, and for no other request. */
export function digestOf(
  form: Form,
  environment: bigint,
  ifVersion: bigint | undefined,
  bytes: Uint8Array,
): string {
  return createHash('sha256')
    .update(`${form} ${environment} ${ifVersion ?? ''}\n`)
    .update(bytes)
    .digest('hex');
}
