/** The routes of rejected inbox events. [protocol] #inbox */
import { z } from 'zod';
import { HoldfastError } from '../../core/errors.js';
import type { EventField, Inbox, RejectedEvent } from '../../store/inbox.js';
import type { Store } from '../../store/store.js';
import { countParameter, timeText } from './input.js';
import { adminRoute } from './route.js';

const COUNT_DEFAULT = 50;
const COUNT_MAX = 200;
/** The parts of a stream's ids are 64 bits wide. */
const PART_MAX = 2n ** 64n - 1n;

const ID_RULE =
  '(the rejected event in the path) must be two numbers with a dash between them, such as 1795296825336-0';

const params = z.object({
  id: z.string().refine(isStreamId, ID_RULE).meta({ pattern: '^\\d{1,20}-\\d{1,20}$' }),
});

const fieldAnswer = z.object({
  name: z.string(),
  bytes: z.int().meta({ description: 'The length of the whole value.' }),
  text: z.string().optional(),
  base64: z.string().optional(),
});

const eventAnswer = z
  .object({
    id: z.string(),
    event: z.string().meta({ description: 'The place that it had in the inbox.' }),
    at: timeText,
    error: z.object({ code: z.string(), message: z.string(), field: z.string().optional() }),
    fields: z.array(fieldAnswer),
  })
  .meta({ id: 'RejectedEvent' });

/** The routes that list, drop and retry rejected events. */
export const REJECTED_ROUTES = [
  adminRoute({
    method: 'GET',
    path: '/rejected',
    operation: 'listRejected',
    role: 'viewer',
    scope: 'installation',
    summary: 'Lists the oldest rejected events of the inbox',
    query: z.object({ count: countParameter(COUNT_DEFAULT, COUNT_MAX) }),
    answers: { 200: z.object({ total: z.int(), events: z.array(eventAnswer) }) },
    errors: ['not_found'],
    handle: async ({ query }, response, { store }) => {
      const { total, events } = await inboxOf(store).rejected(query.count);
      response.json({ total, events: events.map(eventJson) });
    },
  }),
  adminRoute({
    method: 'DELETE',
    path: '/rejected/:id',
    operation: 'dropRejected',
    role: 'editor',
    scope: 'installation',
    summary: 'Removes a rejected event for good',
    params,
    answers: { 200: z.object({ id: z.string() }) },
    errors: ['not_found'],
    handle: async ({ params: { id }, note }, response, { store }) => {
      note({ subject: id });
      if (!(await inboxOf(store).drop(id))) throw absent(id);
      response.json({ id });
    },
  }),
  adminRoute({
    method: 'POST',
    path: '/rejected/:id/retry',
    operation: 'retryRejected',
    role: 'editor',
    scope: 'installation',
    summary: 'Puts a rejected event back into the inbox, behind all others',
    params,
    answers: { 200: z.object({ id: z.string(), event: z.string() }) },
    errors: ['not_found'],
    handle: async ({ params: { id }, note }, response, { store }) => {
      note({ subject: id });
      const result = await inboxOf(store).retry(id);
      if (result.kind === 'absent') throw absent(id);
      if (result.kind === 'fixed') {
        throw new HoldfastError(
          'field_invalid',
          `the rejected event ${id} has too many fields for an event, or Holdfast did not put it there: it can only be dropped`,
          { field: 'id' },
        );
      }
      response.json({ id, event: result.event });
    },
  }),
];

function inboxOf({ name, inbox }: Store): Inbox {
  if (inbox !== undefined) return inbox;
  throw new HoldfastError(
    'not_found',
    `this store (${name}) has no inbox, so no event was rejected: other systems can add events to a Redis store`,
  );
}

function isStreamId(id: string): boolean {
  const parts = /^(\d{1,20})-(\d{1,20})$/.exec(id)?.slice(1) ?? [];
  return parts.length === 2 && parts.every((part) => BigInt(part) <= PART_MAX);
}

function absent(id: string): HoldfastError {
  return new HoldfastError('not_found', `there is no rejected event ${id}: list them to see their ids`);
}

function eventJson(rejected: RejectedEvent): z.input<typeof eventAnswer> {
  const { id, event, code, message, field, at, fields } = rejected;
  return {
    id,
    event,
    at,
    error: { code, message, ...(field === undefined ? {} : { field }) },
    fields: fields.map(fieldJson),
  };
}

/** A value as text, else as base64. Of a value that is cut the last character may be missing. */
function fieldJson({ name, value, bytes }: EventField & { bytes: number }): z.input<typeof fieldAnswer> {
  const about = { name: name.toString(), bytes };
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { ...about, text: decoder.decode(value, { stream: value.length < bytes }) };
  } catch {
    // It is no UTF-8.
    return { ...about, base64: value.toString('base64') };
  }
}
