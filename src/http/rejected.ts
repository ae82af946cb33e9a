/** The routes of rejected inbox events. [protocol] #inbox */
import { Router, type Request } from 'express';
import { HoldfastError } from '../core/errors.js';
import type { EventField, Inbox, RejectedEvent } from '../store/inbox.js';
import type { Store } from '../store/store.js';
import { onlyMethods } from './errors.js';

const COUNT_DEFAULT = 50;
const COUNT_MAX = 200;
/** The parts of a stream's ids are 64 bits wide. */
const PART_MAX = 2n ** 64n - 1n;

/**
 * Builds the routes that list, drop and retry rejected events; part of the administration router.
 */
export function rejectedRoutes(store: Store): Router {
  const router = Router();
  router
    .route('/rejected')
    .get(async (request, response) => {
      const { total, events } = await inboxOf(store).rejected(readCount(request));
      response.json({ total, events: events.map(eventJson) });
    })
    .all(onlyMethods('GET'));

  router
    .route('/rejected/:id')
    .delete(async (request, response) => {
      const inbox = inboxOf(store);
      const id = readId(request);
      if (!(await inbox.drop(id))) throw absent(id);
      response.json({ id });
    })
    .all(onlyMethods('DELETE'));

  router
    .route('/rejected/:id/retry')
    .post(async (request, response) => {
      const inbox = inboxOf(store);
      const id = readId(request);
      const result = await inbox.retry(id);
      if (result.kind === 'absent') throw absent(id);
      if (result.kind === 'fixed') {
        throw new HoldfastError(
          'field_invalid',
          `the rejected event ${id} has too many fields for an event, or Holdfast did not put it there: it can only be dropped`,
          { field: 'id' },
        );
      }
      response.json({ id, event: result.event });
    })
    .all(onlyMethods('POST'));
  return router;
}

function inboxOf({ name, inbox }: Store): Inbox {
  if (inbox !== undefined) return inbox;
  throw new HoldfastError(
    'not_found',
    `this store (${name}) has no inbox, so no event was rejected: other systems can add events to a Redis store`,
  );
}

function readCount({ query }: Request): number {
  const { count = `${COUNT_DEFAULT}` } = query;
  const number = typeof count === 'string' && /^\d{1,4}$/.test(count) ? Number(count) : 0;
  if (number >= 1 && number <= COUNT_MAX) return number;
  throw new HoldfastError('field_invalid', `count must be a whole number from 1 to ${COUNT_MAX}`, {
    field: 'count',
  });
}

function readId(request: Request): string {
  const id = request.params.id as string;
  const parts = /^(\d{1,20})-(\d{1,20})$/.exec(id)?.slice(1) ?? [];
  if (parts.length === 2 && parts.every((part) => BigInt(part) <= PART_MAX)) return id;
  throw new HoldfastError(
    'field_invalid',
    'id, the rejected event in the path, must be two numbers with a dash between them, such as 1795296825336-0',
    { field: 'id' },
  );
}

function absent(id: string): HoldfastError {
  return new HoldfastError('not_found', `there is no rejected event ${id}: list them to see their ids`);
}

function eventJson({ id, event, code, message, field, at, fields }: RejectedEvent): Record<string, unknown> {
  return {
    id,
    event,
    at,
    error: { code, message, ...(field === undefined ? {} : { field }) },
    fields: fields.map(fieldJson),
  };
}

/** A value as text, else as base64. Of a value that is cut the last character may be missing. */
function fieldJson({ name, value, bytes }: EventField & { bytes: number }): Record<string, unknown> {
  const about = { name: name.toString(), bytes };
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { ...about, text: decoder.decode(value, { stream: value.length < bytes }) };
  } catch {
    // It is no UTF-8.
    return { ...about, base64: value.toString('base64') };
  }
}
