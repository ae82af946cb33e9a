/** Converts the fields of an inbox event to a change to commit. Pure. [protocol] #inbox */
import { runSteps, type Steps } from '../core/steps.js';
import type { CommitRequest } from '../commit/committer.js';
import { CHANGE_MAX_BYTES } from '../commit/limits.js';
import { digestOf, changeSteps, REQUEST_KEY_MAX, type Form } from '../commit/request.js';
import { HoldfastError } from '../core/errors.js';
import { quote, refuse } from '../ruleset/fields.js';
import { parseVersion } from '../ruleset/version.js';
import { AUTHOR_MAX, MESSAGE_MAX } from '../store/history.js';
import type { EventField, InboxEvent } from '../store/inbox.js';

/** The field that carries the change, and the form that it then has. */
const FORMS = new Map<string, Form>([
  ['json', 'json'],
  ['configs', 'protobuf'],
]);
const NAMES = ['environment', ...FORMS.keys(), 'event', 'author', 'message'];

/** The author of events that name none. */
const UNNAMED = 'inbox';

/**
 * No event that is worth reading has more bytes: a change of the largest size, and room for the
 * names and the other values.
 */
export const INBOX_EVENT_MAX_BYTES = CHANGE_MAX_BYTES + 4096;

/** The change that an event asks for. */
export interface EventChange {
  readonly request: CommitRequest;
  /** The same for events that say the same. */
  readonly digest: string;
}

/**
 * Reads an event as strictly as a request: a field that is misspelt would else be one that is
 * missing.
 *
 * @throws HoldfastError `field_invalid`, `body_invalid` or `change_too_large`, with the field's
 *   name
 */
export function readEvent(event: InboxEvent): EventChange {
  return runSteps(eventSteps(event));
}

/** Reads an event in steps; see {@link readEvent}. */
export function* eventSteps(event: InboxEvent): Steps<EventChange> {
  if (event.fields === undefined) throw tooLarge('the event', event.bytes);
  const fields = readFields(event.fields);
  const environment = readEnvironment(fields.get('environment'));
  const key = readText(fields, 'event', REQUEST_KEY_MAX);
  const author = readText(fields, 'author', AUTHOR_MAX) ?? UNNAMED;
  const message = readText(fields, 'message', MESSAGE_MAX);
  const by = { author, ...(message === undefined ? {} : { message }), source: 'inbox' as const };
  const { field, form, bytes } = readPayload(fields);
  const digest = digestOf(form, environment, undefined, bytes);
  try {
    const configs = yield* changeSteps(form, bytes, {
      subject: 'it',
      protobuf: 'protobuf in the field configs',
    });
    const idempotency = key === undefined ? undefined : { key, digest, field: 'event' };
    return { request: { environment, configs, idempotency, by }, digest };
  } catch (error) {
    // A problem of the whole has no path of its own.
    if (!(error instanceof HoldfastError) || error.field !== undefined) throw error;
    throw new HoldfastError(error.code, `${field}: ${error.message}`, { field, cause: error });
  }
}

function readFields(pairs: readonly EventField[]): Map<string, Buffer> {
  const fields = new Map<string, Buffer>();
  for (const { name: bytes, value } of pairs) {
    const name = bytes.toString();
    if (!NAMES.includes(name)) {
      const path = /^\w{1,64}$/.test(name) ? name : quote(name);
      refuse(path, `is not a field of an event; its fields are ${NAMES.join(', ')}.`);
    }
    if (fields.has(name)) refuse(name, 'is given twice; an event has each field once.');
    fields.set(name, value);
  }
  return fields;
}

function readEnvironment(value: Buffer | undefined): bigint {
  const id = parseVersion(value?.toString('latin1'));
  if (id === undefined || id === 0n) {
    refuse('environment', 'must be the number of an environment, from 1 to 2^63 - 1, in decimal digits.');
  }
  return id;
}

function readText(fields: ReadonlyMap<string, Buffer>, name: string, max: number): string | undefined {
  const value = fields.get(name);
  if (value === undefined) return undefined;
  const rule = `must be UTF-8 text of 1 to ${max} characters.`;
  // A character has four bytes at most; what has more need not be looked at.
  if (value.length === 0 || value.length > 4 * max) refuse(name, rule);
  const text = value.toString();
  if (text.length > max || !Buffer.from(text).equals(value)) refuse(name, rule);
  return text;
}

function readPayload(fields: ReadonlyMap<string, Buffer>): { field: string; form: Form; bytes: Buffer } {
  const given = [...FORMS].flatMap(([field, form]) => {
    const bytes = fields.get(field);
    return bytes === undefined ? [] : [{ field, form, bytes }];
  });
  const [payload, other] = given;
  if (payload === undefined) {
    refuse('json', 'or configs must be given: the change as proto3-JSON text, or as protobuf.');
  }
  if (other !== undefined)
    refuse(other.field, `cannot be given together with ${payload.field}; keep one of them.`);
  if (payload.bytes.length > CHANGE_MAX_BYTES) throw tooLarge(payload.field, payload.bytes.length);
  return payload;
}

function tooLarge(what: string, bytes: number): HoldfastError {
  return new HoldfastError(
    'change_too_large',
    `${what} has ${bytes} bytes; at most ${CHANGE_MAX_BYTES} are read: send it as several events.`,
    what === 'the event' ? {} : { field: what },
  );
}
